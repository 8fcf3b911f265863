import CertificateFiles

/// A file that the operator names on the command line.
enum InputFile {
    /// - Throws: status 65 when it is missing or cannot be read.
    static func bytes(_ path: String, what: String) throws -> [UInt8] {
        guard let bytes = try SecretFile.bytes(path) else {
            throw CommandFailure(
                .badInput, "the \(what) \(path) does not exist",
                hints: ["check the path; it starts from the present directory"])
        }
        return bytes
    }
}
