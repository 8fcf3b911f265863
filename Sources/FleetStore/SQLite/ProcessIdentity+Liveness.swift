#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

extension ProcessIdentity {
    /// What can be said about a process from here.
    enum Liveness {
        case running
        case ended
        /// It runs where this process cannot look: another machine or another PID namespace.
        case unknown
    }

    /// This process.
    static let current = ProcessIdentity(
        hostName: ownHostName,
        machineID: POSIXFile.smallText("/etc/machine-id").map(trimmed) ?? ownHostName,
        bootID: POSIXFile.smallText("/proc/sys/kernel/random/boot_id").map(trimmed) ?? "unknown",
        namespaceID: POSIXFile.link("/proc/self/ns/pid") ?? "unknown",
        processID: getpid(),
        startTicks: startTicks(ofStatus: POSIXFile.smallText("/proc/self/stat") ?? "") ?? 0
    )

    /// Whether the process still runs, as far as `observer` can tell.
    func liveness(seenFrom observer: ProcessIdentity = .current) -> Liveness {
        guard machineID == observer.machineID else { return .unknown }
        guard bootID == observer.bootID else { return .ended }
        guard namespaceID == observer.namespaceID else { return .unknown }
        guard let status = POSIXFile.smallText("/proc/\(processID)/stat") else {
            // ESRCH is the proof; a /proc that hides other users' processes (hidepid) proves nothing.
            return kill(processID, 0) != 0 && errno == ESRCH ? .ended : .unknown
        }
        guard let ticks = Self.startTicks(ofStatus: status) else { return .ended }
        return ticks == startTicks ? .running : .ended
    }

    /// The start time in a `/proc/PID/stat` line (proc(5): field 22); nil for a zombie or an unreadable line. The
    /// command name in field 2 may hold spaces and parentheses, so fields are counted from its last parenthesis.
    static func startTicks(ofStatus line: String) -> Int64? {
        guard let end = line.lastIndex(of: ")") else { return nil }
        let fields = line[line.index(after: end)...].split(whereSeparator: \.isWhitespace)
        guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
        return Int64(fields[19])
    }

    private static var ownHostName: String {
        var characters = [CChar](repeating: 0, count: 256)
        guard gethostname(&characters, characters.count - 1) == 0 else { return "unknown" }
        return String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static func trimmed(_ text: String) -> String {
        String(text.prefix { !$0.isWhitespace })
    }
}
