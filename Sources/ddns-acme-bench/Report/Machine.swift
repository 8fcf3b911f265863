import FoundationEssentials
import Glibc

/// Where the figures were made.
struct Machine: Codable, Sendable {
    let processor: String
    let processors: Int
    let memoryMiB: Int
    let system: String
    let kernel: String
    let versions: [String: String]
    /// The load average (1 minute) before the first measure: other work on the machine makes every figure worse.
    let loadAtStart: Double

    static func here() -> Machine {
        Machine(
            processor: field("model name", in: "/proc/cpuinfo") ?? "unknown",
            processors: sysconf(Int32(_SC_NPROCESSORS_ONLN)),
            memoryMiB: (field("MemTotal", in: "/proc/meminfo").flatMap { Int($0.prefix { $0.isNumber }) } ?? 0) / 1_024,
            system: field("PRETTY_NAME", in: "/etc/os-release", separator: "=")?.filter { $0 != "\"" } ?? "unknown",
            kernel: text("/proc/sys/kernel/osrelease"), versions: versions(), loadAtStart: load())
    }

    static func load() -> Double {
        text("/proc/loadavg").split(separator: " ").first.flatMap { Double($0) } ?? .nan
    }

    /// As each program says itself; `scripts/bench` hands over what it asked them.
    private static func versions() -> [String: String] {
        let prefix = "DDNS_ACME_BENCH_VERSION_"
        return Dictionary(
            uniqueKeysWithValues: ProcessInfo.processInfo.environment.filter { $0.key.hasPrefix(prefix) }.map {
                (String($0.key.dropFirst(prefix.count)).lowercased(), $0.value)
            })
    }

    static func text(_ path: String) -> String {
        // These files have no length that could be asked for first.
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = fread(&buffer, 1, buffer.count, file)
        var text = String(decoding: buffer.prefix(count), as: UTF8.self)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }

    private static func field(_ name: String, in path: String, separator: Character = ":") -> String? {
        for line in text(path).split(separator: "\n") where line.hasPrefix(name) {
            guard let position = line.firstIndex(of: separator) else { continue }
            return String(line[line.index(after: position)...].drop { $0 == " " || $0 == "\t" })
        }
        return nil
    }
}
