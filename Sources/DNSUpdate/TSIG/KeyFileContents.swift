import CLDNS

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The octets of a key file, read only if its kind, size and permissions are right.
struct KeyFileContents {
    let bytes: [UInt8]
    /// The permission bits.
    let mode: UInt32

    var modeText: String { Self.text(of: mode) }

    static let maximumSize = 64 * 1024

    init(reading path: String) throws(TSIGKeyFileError) {
        // An embedded NUL would open another file than the one that messages name.
        guard !path.utf8.contains(0) else { throw Self.cannotOpen(path, EINVAL) }
        // Opened once and examined through the descriptor, so that it cannot be exchanged in between; without waiting
        // for the writer of a pipe.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else { throw Self.cannotOpen(path, errno) }
        defer { close(descriptor) }
        var isRegular = false
        var mode: UInt32 = 0
        guard ddns_acme_file_mode(descriptor, &isRegular, &mode) == 0 else { throw Self.cannotOpen(path, errno) }
        guard isRegular else {
            throw TSIGKeyFileError(
                code: .notARegularFile, message: "\(path): not a regular file",
                hint: "give the path of a file written by tsig-keygen")
        }
        self.mode = mode
        guard mode & 0o007 == 0 else {
            throw TSIGKeyFileError(
                code: .insecurePermissions,
                message: "\(path): every user of this host can use the key (mode \(Self.text(of: mode)))",
                hint: "chmod 600 \(path); if others may have read it, replace the key on both sides")
        }
        bytes = try Self.readAll(descriptor, path: path)
    }

    private static func readAll(_ descriptor: Int32, path: String) throws(TSIGKeyFileError) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: maximumSize + 1)
        var filled = 0
        while filled < buffer.count {
            let start = filled
            let count = buffer.withUnsafeMutableBytes { bytes in
                read(descriptor, bytes.baseAddress.map { $0 + start }, bytes.count - start)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw cannotOpen(path, errno) }
            guard count > 0 else { break }
            filled += count
        }
        guard filled <= maximumSize else {
            throw TSIGKeyFileError(
                code: .tooLarge, message: "\(path): larger than 64 KiB", hint: "give a file that holds keys only")
        }
        return Array(buffer.prefix(filled))
    }

    private static func cannotOpen(_ path: String, _ number: Int32) -> TSIGKeyFileError {
        switch number {
        case ENOENT, ENOTDIR:
            TSIGKeyFileError(
                code: .fileMissing, message: "\(path): no such file",
                hint: "write one with: tsig-keygen NAME > \(path), and add the same key to named.conf")
        default:
            TSIGKeyFileError(
                code: .unreadable, message: "\(path): cannot be read: \(String(cString: strerror(number)))",
                hint: "make it readable for the user that runs ddns-acme, and for nobody else")
        }
    }

    private static func text(of mode: UInt32) -> String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(4 - digits.count, 0)) + digits
    }
}
