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
            let response = try await engine.get(url)
            let directory = try WireJSON.decode(Directory.self, "directory", from: response, url: url)
            entry.withLock { $0 = Entry(directory: directory, fetchedAt: engine.clock.uptime) }
            return directory
        }
    }

    /// Drops the cached directory unless it already is another one than `stale`.
    func invalidate(_ stale: Directory) {
        entry.withLock { entry in
            if entry?.directory == stale { entry = nil }
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
