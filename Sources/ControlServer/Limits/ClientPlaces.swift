import Synchronization

/// How many connections each client has open. Nobody may have so many that there is no place left for others.
final class ClientPlaces: Sendable {
    private let limit: Int
    private let refused: @Sendable () -> Void
    private let open = Mutex<[ClientNetwork: Int]>([:])

    /// - Parameters:
    ///   - limit: connections of one client.
    ///   - refused: told of each connection that there is no place for.
    init(limit: Int, refused: @escaping @Sendable () -> Void) {
        self.limit = limit
        self.refused = refused
    }

    /// - Returns: whether there is one; it is to be given back then.
    func take(_ client: ClientNetwork) -> Bool {
        let isTaken = open.withLock { open in
            guard open[client, default: 0] < limit else { return false }
            open[client, default: 0] += 1
            return true
        }
        if !isTaken { refused() }
        return isTaken
    }

    func giveBack(_ client: ClientNetwork) {
        open.withLock { open in
            guard let count = open[client], count > 1 else {
                open[client] = nil
                return
            }
            open[client] = count - 1
        }
    }
}
