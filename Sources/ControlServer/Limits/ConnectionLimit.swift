import HummingbirdCore

/// Connections at a time; the next ones wait in the kernel's queue, which is told once each time it comes to that.
struct ConnectionLimit: AvailableConnectionsDelegate {
    private let limit: Int
    private let reached: @Sendable () -> Void
    private var count = 0

    init(_ limit: Int, reached: @escaping @Sendable () -> Void) {
        self.limit = limit
        self.reached = reached
    }

    mutating func connectionOpened() {
        count += 1
        if count == limit { reached() }
    }

    mutating func connectionClosed() { count -= 1 }

    func isAcceptingNewConnections() -> Bool { count < limit }
}
