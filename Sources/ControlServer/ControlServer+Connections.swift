import NIOCore

extension ControlServer {
    func connectionLimit(_ log: ConnectionLimitLog) -> ConnectionLimit {
        let limit = settings.connectionLimit
        return ConnectionLimit(limit) {
            log.note(
                "no place for more than \(limit) connections: the next ones wait",
                hint: "when these are devices, give the server more file descriptors (LimitNOFILE=)")
        }
    }

    /// - Returns: nil behind a proxy, where all clients have its address.
    func clientPlaces(_ log: ConnectionLimitLog) -> ClientPlaces? {
        guard certificate != nil else { return nil }
        let limit = settings.clientConnectionLimit
        return ClientPlaces(limit: limit) {
            log.note(
                "a client has \(limit) connections, and gets no more",
                hint: "see whose they are with `ss -tn state established`, and keep that address out")
        }
    }

    static func placeHandlers(_ places: ClientPlaces?) -> [any RemovableChannelHandler] {
        places.map { [ClientPlaceHandler($0)] } ?? []
    }

    /// Has the listening socket rest when there is nothing to accept connections with.
    func restWhenExhausted(_ channel: any Channel, _ log: ConnectionLimitLog) async {
        let added = channel.eventLoop.submit {
            try channel.pipeline.syncOperations.addHandler(
                AcceptPause { error in
                    log.note(
                        "connections cannot be accepted (\(error)): the next ones wait",
                        hint: "give the server more file descriptors (LimitNOFILE=)")
                }, position: .first)
        }
        // It fails on a socket that has been closed already.
        try? await added.get()
    }
}
