import Glibc

/// An advisory lock on a file (flock(2)), held until the value goes away. The kernel releases it when the process dies.
package struct FileLock: ~Copyable {
    private let descriptor: Int32

    /// - Returns: nil when another process or task holds it.
    /// - Throws: ``FileLockFailure`` when the file cannot be opened.
    package static func acquire(_ path: String) throws(FileLockFailure) -> FileLock? {
        var descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        // Flash memory that has gone read-only: the lock of the last run will do, since nothing is written to it.
        if descriptor < 0, errno == EROFS { descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) }
        guard descriptor >= 0 else { throw FileLockFailure(path: path, reason: String(cString: strerror(errno))) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            return nil
        }
        return FileLock(descriptor: descriptor)
    }

    /// Lets others have it.
    package consuming func release() {}

    deinit { close(descriptor) }
}

package struct FileLockFailure: Error, Sendable {
    package let path: String
    package let reason: String
}

/// Who may do what with a file.
package struct FilePermissions: Hashable, Sendable {
    /// The lowest nine bits of the mode.
    package let bits: UInt32
    package let owner: UInt32

    /// Nil when there is no such file, or it cannot be looked at.
    package init?(path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        bits = UInt32(status.st_mode) & 0o777
        owner = status.st_uid
    }

    /// Whether others than the owner may read or write it.
    package var isPrivate: Bool { bits & 0o077 == 0 }
    /// Such as `0640`.
    package var octal: String { "0" + String(bits, radix: 8) }
}
