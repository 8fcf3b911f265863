import Glibc

/// A file that only its owner may read: an account key, a credential.
package enum SecretFile {
    /// Replaces the file in one step; mode 0600, on the disk when this returns. Written by root, it belongs to whom its
    /// directory belongs to: an operator's `sudo` must not lock the service out of its own state.
    /// - Throws: `notWritable` or `diskFull`; then the file is as it was.
    package static func write(_ text: String, to path: String) throws(CertificateFilesError) {
        try write(Array(text.utf8), to: path)
    }

    /// The same for bytes.
    package static func write(_ bytes: [UInt8], to path: String) throws(CertificateFilesError) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        try FileSystem.write(bytes, to: path, mode: 0o600, owner: FileSystem.owner(of: folder))
        FileSystem.synchronize(directory: folder)
    }

    /// The text; nil when there is no such file.
    /// - Throws: `unreadable`.
    package static func read(_ path: String) throws(CertificateFilesError) -> String? {
        try FileSystem.read(path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The bytes of any file of at most `limit` bytes (1 MiB: no key or certificate is larger); nil when there is none.
    /// - Throws: `unreadable`.
    package static func bytes(_ path: String, limit: Int = 1 << 20) throws(CertificateFilesError) -> [UInt8]? {
        try FileSystem.read(path, limit: limit)
    }

    /// Puts one file in the place of another in one step.
    package static func move(_ source: String, to destination: String) throws(CertificateFilesError) {
        guard rename(source, destination) == 0 else { throw FileSystem.failure("replace", destination) }
        if let slash = destination.lastIndex(of: "/") {
            FileSystem.synchronize(directory: String(destination[..<slash]))
        }
    }

    /// Makes a directory and what is missing above it, mode 0755: what is secret in it has its own mode.
    package static func makeDirectory(_ path: String) throws(CertificateFilesError) {
        try FileSystem.makeDirectory(path, mode: 0o755)
    }

    package static func remove(_ path: String) { unlink(path) }

    /// Whether others than the owner and the group may read the file.
    package static func isOpenToAll(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & 0o004 != 0
    }
}
