/// How the client behaves towards the CA. The defaults suit public CAs.
package struct ClientConfiguration: Sendable {
    /// `User-Agent`, which RFC 8555 §6.1 requires. Name the product and its version first.
    package var userAgent = "ddns-acme (Swift ACME client)"
    /// `Accept-Language`: the language of problem texts (RFC 8555 §6.1).
    package var acceptLanguage = "en"
    /// Longest single HTTP exchange.
    package var requestTimeout = Duration.seconds(30)
    /// Longest operation: one logical request with all its repetitions.
    package var operationTimeout = Duration.seconds(120)
    /// A `Retry-After` up to this long is waited for inside the operation; a longer one ends it with an error that
    /// carries it.
    package var longestWait = Duration.seconds(10)
    /// Repetitions after a failed connection or a 5xx, per operation.
    package var retryLimit = 3
    /// Pause before the first repetition; doubles each time, and is drawn between half and the whole of it.
    package var retryDelay = Duration.milliseconds(250)
    /// Rejected nonces per operation, at a growing distance from the eighth on. Even a CA that rejects nine in ten gets
    /// through: 0.9¹⁰⁰ is 3·10⁻⁵.
    package var nonceLimit = 100
    /// How long a directory is used before it is fetched again.
    package var directoryLifetime = Duration.seconds(12 * 3600)

    package init() {}
}
