import Glibc

/// Keeps what is measured and what measures it from each other's way: a server has the first processor, the load the
/// others. With one processor, they share it.
enum Pinned {
    static func server(_ arguments: [String]) -> [String] { prefix("0") + arguments }

    static func load(_ arguments: [String]) -> [String] { prefix("1-\(count - 1)") + arguments }

    static var explanation: String {
        isPossible
            ? "The server has one processor (taskset), the load another one." : "Server and load share the processor."
    }

    private static var count: Int { sysconf(Int32(_SC_NPROCESSORS_ONLN)) }
    private static var isPossible: Bool { count > 1 && Peer.taskset != nil }

    private static func prefix(_ list: String) -> [String] {
        guard isPossible, let taskset = Peer.taskset else { return [] }
        return [taskset, "-c", list]
    }
}
