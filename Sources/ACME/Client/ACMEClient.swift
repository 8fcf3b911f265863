package import Logging

/// A client of one ACME CA (RFC 8555, RFC 9773).
///
/// It holds what all accounts at the CA share: the directory, the nonces and the way to the CA. Work that an account
/// signs is done through the ``AccountSession`` that ``session(account:key:)`` returns. Copies share everything; use
/// one client for a CA and call it from any number of tasks.
package struct ACMEClient: Sendable {
    let engine: RequestEngine
    private let directoryCache: DirectoryCache

    /// - Parameters:
    ///   - directory: the CA's directory URL.
    ///   - random: uniform in 0..<1; spreads repetitions.
    ///   - gate: asked before each request.
    package init(
        directory: ACMEURL, transport: any ACMETransport, configuration: ClientConfiguration = ClientConfiguration(),
        clock: any ACMEClock = SystemACMEClock(),
        random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) },
        gate: any ACMERequestGate = OpenGate(), logger: Logger
    ) {
        engine = RequestEngine(
            transport: transport, configuration: configuration, clock: clock, random: random, logger: logger,
            nonces: NoncePool(clock: clock), gate: gate)
        directoryCache = DirectoryCache(url: directory)
    }

    /// The URL that the client was made with.
    package var directoryURL: ACMEURL { directoryCache.url }

    /// The CA's directory, from the cache when it is not older than `ClientConfiguration.directoryLifetime`.
    package func directory() async throws(ACMEError) -> Directory {
        try await directoryCache.current(engine)
    }

    /// What an account can do. Checks nothing: the first request shows whether the CA knows the account and the key.
    package func session(account: ACMEURL, key: AccountKey) -> AccountSession {
        AccountSession(client: self, url: account, key: key)
    }

    /// Calls `body` with the directory, and once more with a fresh one when a URL that it lists is gone: CAs move them.
    ///
    /// - Parameter depends: whether `body` takes that URL from the directory.
    func withDirectory<Value: Sendable>(
        _ depends: (Directory, ACMEURL) -> Bool = { $0.lists($1) },
        _ body: (Directory) async throws(ACMEError) -> Value
    ) async throws(ACMEError) -> Value {
        let directory = try await directory()
        do throws(ACMEError) {
            return try await body(directory)
        } catch {
            // Orders and the like are gone one by one; that says nothing about the directory.
            guard error.code == .notFound, let url = error.url, depends(directory, url) else { throw error }
            directoryCache.invalidate(directory, engine)
            let fresh = try await self.directory()
            guard fresh != directory else { throw error }
            return try await body(fresh)
        }
    }

    /// Waits by the client's clock.
    /// - Throws: `cancelled`.
    package func pause(for duration: Duration) async throws(ACMEError) {
        do {
            try await engine.clock.sleep(for: duration)
        } catch {
            throw ACMEError(.cancelled, "cancelled while waiting for the CA", url: directoryURL)
        }
    }

    /// An endpoint that the directory need not list.
    func endpoint(_ url: ACMEURL?, _ name: String) throws(ACMEError) -> ACMEURL {
        guard let url else {
            throw ACMEError(.unsupported, "the directory \(directoryURL) lists no \(name)", url: directoryURL)
        }
        return url
    }
}
