import CertificateFiles
import CommandLineProgram

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
}
