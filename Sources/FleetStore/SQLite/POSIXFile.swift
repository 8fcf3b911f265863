#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The few file operations for which permissions, ownership and locks matter.
enum POSIXFile {
    /// A failed system call.
    struct Failure: Error {
        let errno: Int32
        var reason: String { String(cString: strerror(errno)) }
    }

    /// Reads a small file whole (also one of `/proc`, which has no size); nil when it cannot be read.
    static func smallText(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { return nil }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    /// Where a symbolic link points; nil when it cannot be read.
    static func link(_ path: String) -> String? {
        var characters = [CChar](repeating: 0, count: 1024)
        let count = readlink(path, &characters, characters.count)
        guard count > 0 else { return nil }
        return String(decoding: characters[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Makes a directory with at most that mode (the umask may take more away); one that exists is left as it is.
    static func makeDirectory(_ path: String, mode: mode_t) throws(Failure) {
        if mkdir(path, mode) == 0 { return }
        guard errno == EEXIST else { throw Failure(errno: errno) }
    }

    /// The file's status; nil when it does not exist.
    static func status(_ path: String) throws(Failure) -> stat? {
        var status = stat()
        if stat(path, &status) == 0 { return status }
        guard errno == ENOENT else { throw Failure(errno: errno) }
        return nil
    }

    /// Makes an empty file that only its owner may read and write, unless there is one, whose mode is then tightened.
    ///
    /// An existing file is never opened: closing any descriptor of a database drops the locks that SQLite holds on it
    /// in this process (fcntl locks belong to the process, not to the descriptor).
    static func makePrivateFile(_ path: String, in directory: stat) throws(Failure) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor < 0 else {
            defer { close(descriptor) }
            return try giveToOwner(of: directory, descriptor)
        }
        guard errno == EEXIST else { throw Failure(errno: errno) }
        guard let status = try status(path), status.st_mode & 0o077 != 0 else { return }
        guard chmod(path, 0o600) == 0 else { throw Failure(errno: errno) }
    }

    /// Opens a lock file, made if need be, and returns its descriptor.
    static func openLockFile(_ path: String, in directory: stat) throws(Failure) -> Int32 {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Failure(errno: errno) }
        do {
            try giveToOwner(of: directory, descriptor)
        } catch {
            close(descriptor)
            throw error
        }
        return descriptor
    }

    /// Closes a descriptor, and with it gives up the lock on it.
    static func release(_ descriptor: Int32) { close(descriptor) }

    /// Takes an exclusive lock that the kernel drops when the descriptor closes or the process dies; false: held.
    static func tryLock(_ descriptor: Int32) throws(Failure) -> Bool {
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
        guard errno == EWOULDBLOCK || errno == EINTR else { throw Failure(errno: errno) }
        return false
    }

    /// A file made by root in another user's directory is given to that user, so that `sudo ddns-acme` does not lock
    /// the service out of its own store.
    private static func giveToOwner(of directory: stat, _ descriptor: Int32) throws(Failure) {
        guard geteuid() == 0, directory.st_uid != 0 else { return }
        guard fchown(descriptor, directory.st_uid, directory.st_gid) == 0 else { throw Failure(errno: errno) }
    }
}
