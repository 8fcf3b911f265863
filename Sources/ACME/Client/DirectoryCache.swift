import Synchronization

/// The directory, fetched once for all tasks and again when it is old or proved wrong.
final class DirectoryCache: Sendable {
    private struct Entry {
        let directory: Directory
        let fetchedAt: Duration
    }

    let url: ACMEURL
    private let entry = Mutex<Entry?>(nil)
    private let gate = AsyncGate()

    init(url: ACMEURL) {
        self.url = url
    }

    func current(_ engine: RequestEngine) async throws(ACMEError) -> Directory {
        if let directory = unexpired(engine) { return directory }
        return try await gate.withGate { () async throws(ACMEError) -> Directory in
            if let directory = unexpired(engine) { return directory }
            let response = try await engine.get(url, .directory)
            let directory = try WireJSON.decode(Directory.self, "directory", from: response, url: url)
            entry.withLock { $0 = Entry(directory: directory, fetchedAt: engine.clock.uptime) }
            return directory
        }
    }

    /// A directory younger than this is not fetched again because something is missing: one that lists what does not
    /// exist would be fetched for every request.
    static let minimumLifetime = Duration.seconds(60)

    /// Drops the cached directory unless it is new or already is another one than `stale`.
    func invalidate(_ stale: Directory, _ engine: RequestEngine) {
        entry.withLock { current in
            guard let entry = current, entry.directory == stale,
                engine.clock.uptime - entry.fetchedAt >= Self.minimumLifetime
            else { return }
            current = nil
        }
    }

    private func unexpired(_ engine: RequestEngine) -> Directory? {
        entry.withLock { entry in
            guard let entry, engine.clock.uptime - entry.fetchedAt < engine.configuration.directoryLifetime else {
                return nil
            }
            return entry.directory
        }
    }
}
