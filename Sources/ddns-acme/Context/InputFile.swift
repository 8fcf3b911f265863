import CertificateFiles
import CommandLineProgram
import Glibc

/// A file that the operator names on the command line.
enum InputFile {
    /// - Parameter limit: the most bytes it may have.
    /// - Throws: status 65 when it is missing or cannot be read.
    static func bytes(_ path: String, what: String, limit: Int = 1 << 20) throws -> [UInt8] {
        guard let bytes = try SecretFile.bytes(path, limit: limit) else {
            throw CommandFailure(
                .badInput, "the \(what) \(path) does not exist",
                hints: ["check the path; it starts from the present directory"])
        }
        return bytes
    }

    /// What is piped in, to its end.
    ///
    /// - Throws: status 65 when it cannot be read or is larger.
    static func standardInput(what: String, limit: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = buffer.withUnsafeMutableBytes { read(STDIN_FILENO, $0.baseAddress, $0.count) }
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                throw CommandFailure(.badInput, "the \(what) cannot be read: \(String(cString: strerror(errno)))")
            }
            bytes += buffer[..<count]
            guard bytes.count <= limit else {
                throw CommandFailure(.badInput, "the \(what) is larger than \(limit >> 20) MiB")
            }
        }
    }
}
