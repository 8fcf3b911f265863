import NIOCore
import Synchronization

/// What callers and the event loop both know about a connection: which IDs are taken and whether it may be used.
final class TCPConnectionState: Sendable {
    private struct State {
        var usedIDs: Set<UInt16> = []
        var isUsable = true
        var strays = 0
        var endReason: String?
        var lastUse = NIODeadline.now()
    }

    private let state = Mutex(State())

    /// Takes a random ID that is not in flight on this connection (RFC 7766 §6.2.1), or nothing when the connection
    /// must not be used any more.
    func reserveID(_ random: @Sendable () -> UInt16) -> UInt16? {
        state.withLock { state in
            guard state.isUsable, state.usedIDs.count < 32_768 else { return nil }
            var id = random()
            // A generator that repeats itself must not become an endless loop.
            for _ in 0..<16 where state.usedIDs.contains(id) { id = random() }
            while state.usedIDs.contains(id) { id &+= 1 }
            state.usedIDs.insert(id)
            state.lastUse = .now()
            return id
        }
    }

    func release(_ id: UInt16) {
        state.withLock { state in
            state.usedIDs.remove(id)
            state.lastUse = .now()
        }
    }

    /// No new request goes out on this connection.
    ///
    /// - Parameter reason: why the connection ends, when it ends now; the first one given counts.
    func stopUse(_ reason: String? = nil) {
        state.withLock { state in
            state.isUsable = false
            state.endReason = state.endReason ?? reason
        }
    }

    /// Why the connection ended, when something better than "it closed" is known.
    var endReason: String? { state.withLock { $0.endReason } }

    var isUsable: Bool { state.withLock { $0.isUsable } }

    /// Whether no ID is taken. An ID stays taken after its deadline, so a connection that was silent once is never
    /// unused.
    var isUnused: Bool { state.withLock { $0.usedIDs.isEmpty } }

    /// Whether nothing has been sent or received for so long that the server may be about to close the connection.
    func isIdle(longerThan limit: TimeAmount) -> Bool {
        state.withLock { $0.usedIDs.isEmpty && NIODeadline.now() - $0.lastUse > limit }
    }

    /// Counts a message whose ID belongs to nothing in flight.
    func noteStray() {
        state.withLock { $0.strays += 1 }
    }

    /// Words for the evidence when messages with unknown IDs came.
    var strayNote: String {
        let count = state.withLock { $0.strays }
        return count == 0 ? "" : "; \(count) message\(count == 1 ? "" : "s") with an unknown ID discarded"
    }
}
