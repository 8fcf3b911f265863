import NIOCore
import NIOSSL
import Synchronization

/// The server's own certificate and key. New connections get the latest; those that are open keep theirs.
package final class CertificateHolder: Sendable {
    /// PEM of the chain, leaf first, and of the key.
    package struct Pair: Sendable, Hashable {
        package var chain: String
        package var key: String

        package init(chain: String, key: String) {
            self.chain = chain
            self.key = key
        }
    }

    private struct Loaded: Sendable {
        let pair: Pair
        let override: NIOSSLContextConfigurationOverride
    }

    private let loaded: Mutex<Loaded>

    /// - Throws: `NIOSSLError` or `APIProblem` when the pair cannot be used.
    package init(_ pair: Pair) throws {
        loaded = Mutex(try Self.load(pair))
    }

    /// Puts another pair in use. One that cannot be used leaves the present one.
    ///
    /// - Returns: whether it is another one.
    package func replace(with pair: Pair) throws -> Bool {
        guard loaded.withLock({ $0.pair != pair }) else { return false }
        let next = try Self.load(pair)
        loaded.withLock { $0 = next }
        return true
    }

    /// TLS 1.2 or later (RFC 9325 §3.1.1), HTTP/1.1.
    func configuration() throws -> TLSConfiguration {
        let present = loaded.withLock { $0.override }
        guard let chain = present.certificateChain, let key = present.privateKey else {
            throw NIOSSLError.failedToLoadCertificate
        }
        var configuration = TLSConfiguration.makeServerConfiguration(certificateChain: chain, privateKey: key)
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        configuration.sslContextCallback = { [self] _, promise in
            promise.succeed(loaded.withLock { $0.override })
        }
        return configuration
    }

    private static func load(_ pair: Pair) throws -> Loaded {
        let chain = try NIOSSLCertificate.fromPEMBytes(Array(pair.chain.utf8))
        guard !chain.isEmpty else { throw NIOSSLError.failedToLoadCertificate }
        let key = try NIOSSLPrivateKey(bytes: Array(pair.key.utf8), format: .pem)
        // A context is made once for the test that the two belong together.
        var trial = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        trial.minimumTLSVersion = .tlsv12
        _ = try NIOSSLContext(configuration: trial)
        var override = NIOSSLContextConfigurationOverride()
        override.certificateChain = chain.map { .certificate($0) }
        override.privateKey = .privateKey(key)
        return Loaded(pair: pair, override: override)
    }
}
