/// Where the server's own certificate comes from, and how often it is looked for a newer one.
package struct ServerCertificateSource: Sendable {
    package let interval: Duration
    /// Obtains the present pair; called before the server listens, then again and again.
    package let load: @Sendable () async throws -> CertificateHolder.Pair

    package init(interval: Duration, load: @escaping @Sendable () async throws -> CertificateHolder.Pair) {
        self.interval = interval
        self.load = load
    }
}
