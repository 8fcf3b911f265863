import CRenameExchange
package import Glibc

/// The few system calls the installation of a certificate needs, with errors that name the path and the remedy.
package enum FileSystem {
    /// `errno` of the call that has just failed, as the error an operator can act on.
    static func failure(_ what: String, _ path: String, number: Int32 = errno) -> CertificateFilesError {
        let reason = String(cString: strerror(number))
        switch number {
        case ENOSPC, EDQUOT:
            return CertificateFilesError(
                .diskFull, "cannot \(what) \(path): \(reason)",
                hint: "free some space there, then run the command again")
        case ENOTDIR, EEXIST:
            return CertificateFilesError(
                .notADirectory, "cannot \(what) \(path): \(reason)", hint: "name another directory with --out")
        default:
            return CertificateFilesError(
                .notWritable, "cannot \(what) \(path): \(reason)",
                hint: "check who owns the directory and whether it is mounted read-only, or name another with --out")
        }
    }

    static func kind(of path: String) -> mode_t? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        return status.st_mode & S_IFMT
    }

    /// Whose directory it is.
    static func owner(of path: String) -> (user: uid_t, group: gid_t)? {
        var status = stat()
        return stat(path, &status) == 0 ? (status.st_uid, status.st_gid) : nil
    }

    package static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Makes a directory and what is missing above it. Only directories made here get `mode`.
    package static func makeDirectory(_ path: String, mode: mode_t = 0o700) throws(CertificateFilesError) {
        if isDirectory(path) { return }
        if let slash = path.lastIndex(of: "/"), slash > path.startIndex {
            try makeDirectory(String(path[..<slash]), mode: mode)
        }
        guard mkdir(path, mode) == 0 || (errno == EEXIST && isDirectory(path)) else {
            throw failure("make the directory", path)
        }
        // A umask such as 777 would lock even the owner out of it.
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & 0o700 != 0o700 { chmod(path, status.st_mode & 0o777 | 0o700) }
    }

    /// Writes a new file and waits until it is on the disk. The file appears whole or not at all.
    /// - Parameter owner: whose file it is to be when root writes it; nil: root's.
    package static func write(
        _ bytes: [UInt8], to path: String, mode: mode_t, owner: (user: uid_t, group: gid_t)? = nil
    ) throws(CertificateFilesError) {
        let temporary = path + ".new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw failure("write", path) }
        var offset = 0
        var number: Int32 = 0
        while offset < bytes.count, number == 0 {
            let written = bytes[offset...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written >= 0 { offset += written } else if errno != EINTR { number = errno }
        }
        // The umask has taken bits away from open()'s mode; the contract names the modes exactly.
        if number == 0, fchmod(descriptor, mode) != 0 { number = errno }
        if number == 0, let owner, geteuid() == 0, fchown(descriptor, owner.user, owner.group) != 0 {
            number = errno
        }
        if number == 0, fsync(descriptor) != 0 { number = errno }
        if close(descriptor) != 0, number == 0 { number = errno }
        if number == 0, rename(temporary, path) != 0 { number = errno }
        guard number == 0 else {
            unlink(temporary)
            throw failure("write", path, number: number)
        }
    }

    /// The bytes of a regular file of at most `limit` bytes; nil when there is none.
    package static func read(_ path: String, limit: Int = 1 << 20) throws(CertificateFilesError) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw CertificateFilesError(
                .unreadable, "cannot read \(path): \(String(cString: strerror(errno)))",
                hint: "run the command as the user who owns the file")
        }
        defer { close(descriptor) }
        var bytes = [UInt8]()
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while bytes.count <= limit {
            let count = buffer.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                throw CertificateFilesError(.unreadable, "cannot read \(path): \(String(cString: strerror(errno)))")
            }
            bytes += buffer[..<count]
        }
        throw CertificateFilesError(.unreadable, "\(path) is larger than \(limit >> 20) MiB")
    }

    /// The names in a directory, without `.` and `..`; empty when it cannot be listed.
    static func entries(of path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names = [String]()
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Removes a directory and the files in it (not below: ours hold no directories).
    static func removeDirectory(_ path: String) {
        for name in entries(of: path) { unlink(path + "/" + name) }
        rmdir(path)
    }

    /// Waits until a directory's entries are on the disk.
    package static func synchronize(directory path: String) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    /// Swaps two directories in one step; false where the file system or the kernel cannot.
    static func exchange(_ first: String, _ second: String) throws(CertificateFilesError) -> Bool {
        switch ddns_rename_exchange(first, second) {
        case 0: return true
        case EINVAL, ENOSYS, EBUSY, EXDEV, ENOTSUP: return false
        case let number: throw failure("replace", second, number: number)
        }
    }
}
