import GRDB

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

extension SQLiteFleetStore {
    /// Opens the store in a state directory; both are made if need be (0700 and 0600).
    ///
    /// - Parameters:
    ///   - directory: the state directory's path. Its parent must exist.
    ///   - lockTimeout: how long a call waits for other processes before it fails with `busy`.
    ///   - clock: the wall clock.
    /// - Throws: `notADirectory`, `notWritable`, `insecureDirectory`, `diskFull`, `busy`, `corrupt`, `newerSchema`.
    package static func open(
        directory: String, lockTimeout: Duration = .seconds(15), clock: @escaping Clock = { Date() }
    ) async throws(FleetStoreError) -> SQLiteFleetStore {
        try await open(
            directory: directory, lockTimeout: lockTimeout, clock: clock, process: .current, configure: { _ in })
    }

    /// As the above; tests choose the process identity and watch the connections.
    static func open(
        directory: String, lockTimeout: Duration = .seconds(15), clock: @escaping Clock = { Date() },
        process: ProcessIdentity = .current, configure: (inout Configuration) -> Void
    ) async throws(FleetStoreError) -> SQLiteFleetStore {
        let status = try prepareDirectory(directory)
        let path = "\(directory)/\(fileName)"
        // Two processes that make, convert to WAL and migrate one file at once would fail with SQLITE_BUSY, for which
        // SQLite does not wait in these steps. The lock is the kernel's: it cannot be left behind.
        let lock = try await lockFile("\(directory)/fleet.lock", in: status, timeout: lockTimeout)
        defer { POSIXFile.release(lock) }
        do {
            try POSIXFile.makePrivateFile(path, in: status)
        } catch {
            throw FleetStoreError(error, path: path)
        }

        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(lockTimeout / .seconds(1))
        configuration.label = "FleetStore"
        configure(&configuration)
        do {
            let pool = try openPool(path, configuration)
            return SQLiteFleetStore(
                pool: pool, directory: directory, owner: freshOwner(), clock: clock, process: process)
        } catch {
            throw FleetStoreError(error, path: path)
        }
    }

    /// Synchronous, so that GRDB's blocking calls are meant; they are short and happen once.
    private static func openPool(_ path: String, _ configuration: Configuration) throws -> DatabasePool {
        let pool = try DatabasePool(path: path, configuration: configuration)
        // GRDB sets NORMAL, under which a power cut may undo the last commits of a WAL file.
        try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        try Schema.bringUpToDate(pool, path: path)
        return pool
    }

    /// Makes the directory if need be and checks that only we decide what is in it.
    private static func prepareDirectory(_ directory: String) throws(FleetStoreError) -> stat {
        do {
            try POSIXFile.makeDirectory(directory, mode: 0o700)
            guard let status = try POSIXFile.status(directory) else { throw POSIXFile.Failure(errno: ENOENT) }
            guard status.st_mode & S_IFMT == S_IFDIR else { throw POSIXFile.Failure(errno: ENOTDIR) }
            guard status.st_mode & 0o022 == 0 else { throw FleetStoreError.insecureDirectory(directory, status) }
            return status
        } catch {
            throw FleetStoreError(error, path: directory)
        }
    }

    private static func lockFile(
        _ path: String, in directory: stat, timeout: Duration
    ) async throws(FleetStoreError) -> Int32 {
        let deadline = ContinuousClock.now + timeout
        do {
            let descriptor = try POSIXFile.openLockFile(path, in: directory)
            do {
                while try !POSIXFile.tryLock(descriptor) {
                    guard ContinuousClock.now < deadline else { throw FleetStoreError.busy(path: path) }
                    try await Task.sleep(for: .milliseconds(10))
                }
                return descriptor
            } catch {
                POSIXFile.release(descriptor)
                throw error
            }
        } catch {
            throw FleetStoreError(error, path: path)
        }
    }

    private static func freshOwner() -> String {
        var generator = SystemRandomNumberGenerator()
        let parts = [generator.next(), generator.next()]
        return parts.map { part in
            let digits = String(part, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}
