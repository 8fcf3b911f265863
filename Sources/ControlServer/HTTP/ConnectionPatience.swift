import NIOCore
import Synchronization

/// How long a connection may take to say something: less when there are so many that others may find no place.
final class ConnectionPatience: Sendable {
    private let usual: TimeAmount
    private let crowded: TimeAmount
    private let crowd: Int
    private let open = Atomic(0)

    /// - Parameters:
    ///   - usual: the time when there is room.
    ///   - crowded: the time when there are more than `crowd` connections.
    init(usual: TimeAmount, crowded: TimeAmount, crowd: Int) {
        self.usual = usual
        self.crowded = min(usual, crowded)
        self.crowd = crowd
    }

    /// From now to the end of the next head.
    var time: TimeAmount { open.load(ordering: .relaxed) > crowd ? crowded : usual }

    func opened() { open.add(1, ordering: .relaxed) }

    func closed() { open.subtract(1, ordering: .relaxed) }
}
