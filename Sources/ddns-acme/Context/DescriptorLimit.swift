import Glibc

/// How many files and connections the process may have open.
struct DescriptorLimit {
    let value: Int

    /// What the server needs beside its connections: the store, name servers, the CA, files.
    private static let reserve = 256

    /// Makes it as large as the process may: a connection is a descriptor, and the usual limit is for programs that have few.
    static func raised() -> DescriptorLimit {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return DescriptorLimit(value: 1_024)
        }
        limit.rlim_cur = min(limit.rlim_max, 65_536)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return DescriptorLimit(value: Int(min(limit.rlim_cur, 65_536)))
    }

    /// Connections that there can be beside what else the server needs.
    func connections(atMost wanted: Int) -> Int {
        min(wanted, max(1, value - min(Self.reserve, value / 2)))
    }
}
