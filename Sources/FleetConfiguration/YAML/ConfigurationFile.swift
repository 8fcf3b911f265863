#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Reads a configuration file as text.
enum ConfigurationFile {
    /// No configuration is larger than 1 MiB.
    static let maximumSize = 1 << 20

    static func text(of path: String) throws(ConfigurationError) -> String {
        var bytes = try bytes(of: path)
        // A byte order mark, as Windows editors put there, means nothing in UTF-8.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError(
                .notText, file: path, "\(path): it is not UTF-8 text",
                hint: "save it as UTF-8 (`file \(path)` says what it is)")
        }
        return text
    }

    private static func bytes(of path: String) throws(ConfigurationError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path, errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &block, block.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure(path, errno) }
            guard count > 0 else { return bytes }
            bytes += block[..<count]
            guard bytes.count <= maximumSize else {
                throw ConfigurationError(
                    .tooLarge, file: path, "\(path): it is larger than 1 MiB", hint: "is this the right file?")
            }
        }
    }

    private static func failure(_ path: String, _ code: Int32) -> ConfigurationError {
        let reason = String(cString: strerror(code))
        guard code == ENOENT || code == ENOTDIR else {
            return ConfigurationError(
                .unreadable, file: path, "\(path): it cannot be read: \(reason)",
                hint: "run as a user who may read it, or correct its permissions")
        }
        return ConfigurationError(
            .notFound, file: path, "\(path): there is no such configuration file",
            hint: "make one with `ddns-acme init`, or name it with --config or $\(Configuration.pathVariable)")
    }
}
