import GRDB

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

extension FleetStoreError {
    /// Turns whatever went wrong below into the store's own error. `path` is the file or directory concerned.
    init(_ error: any Error, path: String) {
        switch error {
        case let error as FleetStoreError: self = error
        case let error as POSIXFile.Failure: self = Self.system(error, path: path)
        case let error as DatabaseError: self = Self.database(error, path: path)
        case is CancellationError: self = Self.busy(path: path)
        default: self = Self.internalFailure("\(type(of: error)) in \(path)")
        }
    }

    // MARK: Errors with fixed words

    static func busy(path: String) -> Self {
        FleetStoreError(
            .busy, "the store \(path) stayed locked by another process",
            hint: "see who holds it with `fuser -v \(path)`; a backup tool or a stuck ddns-acme is usual")
    }

    static func corrupt(path: String, evidence: String) -> Self {
        FleetStoreError(
            .corrupt, "the store \(path) is damaged or not a ddns-acme database: \(evidence)",
            hint: "stop ddns-acme, keep a copy, and restore a backup (or `sqlite3 … .recover` what can be read)")
    }

    static func newerSchema(path: String, needed: Int, known: Int) -> Self {
        FleetStoreError(
            .newerSchema, "the store \(path) needs a program that knows schema \(needed); this one knows \(known)",
            hint: "run the newer ddns-acme that last used this state directory")
    }

    static func insecureDirectory(_ path: String, _ status: stat) -> Self {
        let mode = String(status.st_mode & 0o7777, radix: 8)
        return FleetStoreError(
            .insecureDirectory, "other users may write to the state directory \(path) (mode 0\(mode))",
            hint: "use a directory of its own, or `chmod go-w \(path)` when nobody else needs it")
    }

    static func notFound(_ what: String) -> Self {
        FleetStoreError(.notFound, "\(what) is not in the store", hint: "it may have been removed meanwhile")
    }

    static func invalidValue(_ message: String) -> Self {
        FleetStoreError(.invalidValue, message, hint: "correct the value")
    }

    static func internalFailure(_ message: String) -> Self {
        FleetStoreError(.internalFailure, "the store failed: \(message)", hint: "this is a bug; please report it")
    }

    static func unknownWord(_ column: String, _ text: String) -> Self {
        FleetStoreError(
            .newerSchema, "the store holds the \(column) \(text.debugDescription), which this program does not know",
            hint: "run the newer ddns-acme that wrote it")
    }

    // MARK: Mapping

    private static func system(_ failure: POSIXFile.Failure, path: String) -> Self {
        let message = "\(path): \(failure.reason)"
        switch failure.errno {
        case ENOTDIR:
            return FleetStoreError(
                .notADirectory, "the state directory is not a directory: \(message)",
                hint: "set state-directory to a directory of its own")
        case ENOENT:
            return FleetStoreError(
                .notWritable, "the state directory cannot be made: \(message)",
                hint: "make the folder it lies in, or correct state-directory")
        case ENOSPC, EDQUOT, EFBIG:
            return diskFull(message)
        case EROFS:
            return FleetStoreError(
                .notWritable, "the state directory cannot be written: \(message)",
                hint:
                    "mount the file system for writing (systemd: ReadWritePaths= or StateDirectory=), or set state-directory "
                    + "to a place on another one")
        case EACCES, EPERM, ELOOP:
            return notWritable(message)
        default:
            return FleetStoreError(.inputOutput, "the store cannot be opened: \(message)", hint: "check the disk")
        }
    }

    private static func database(_ error: DatabaseError, path: String) -> Self {
        // Never the statement's arguments: they hold names and addresses.
        let evidence = "SQLite \(error.extendedResultCode.rawValue), \(error.message ?? "no message")"
        switch error.resultCode {
        case .SQLITE_FULL: return diskFull("\(path): \(evidence)")
        case .SQLITE_BUSY, .SQLITE_LOCKED: return busy(path: path)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: return corrupt(path: path, evidence: evidence)
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CANTOPEN, .SQLITE_AUTH: return notWritable("\(path): \(evidence)")
        case .SQLITE_IOERR:
            return FleetStoreError(
                .inputOutput, "reading or writing the store failed: \(path): \(evidence)",
                hint: "check the disk, its quota and the process's file-size limit (`dmesg`, `df`, `ulimit -f`)")
        case .SQLITE_CONSTRAINT:
            return FleetStoreError(
                .conflict, "what was to be stored contradicts the store: \(evidence)",
                hint: "another process may have changed it meanwhile; try again")
        case .SQLITE_MISUSE:
            return FleetStoreError(.closed, "the store \(path) has been closed", hint: "open it again")
        default: return internalFailure(evidence)
        }
    }

    private static func diskFull(_ message: String) -> Self {
        FleetStoreError(
            .diskFull, "the disk that holds the store is full: \(message)",
            hint: "make room (`df -h`) or move state-directory; nothing of this step was stored")
    }

    private static func notWritable(_ message: String) -> Self {
        FleetStoreError(
            .notWritable, "the state directory cannot be written: \(message)",
            hint: "run as the user who owns it, or `chown` it to the user ddns-acme runs as")
    }
}
