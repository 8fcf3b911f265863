import NIOCore
import NIOSSL
import Synchronization

/// The server's own certificate and key. New connections get the latest; those that are open keep theirs.
package final class CertificateHolder: Sendable {
    /// PEM of the chain, leaf first, and of the key.
    package struct Pair: Sendable, Hashable {
        package var chain: String
        package var key: String

        /// What they are called in messages.
        package var chainName: String
        package var keyName: String

        /// - Parameters:
        ///   - chainName: where the chain comes from, for messages.
        ///   - keyName: the same of the key.
        package init(
            chain: String, key: String, chainName: String = "the server's certificate",
            keyName: String = "the server's private key"
        ) {
            self.chain = chain
            self.key = key
            self.chainName = chainName
            self.keyName = keyName
        }
    }

    private struct Loaded: Sendable {
        let pair: Pair
        let override: NIOSSLContextConfigurationOverride
    }

    private let loaded: Mutex<Loaded>

    /// - Throws: when the pair cannot be used.
    package init(_ pair: Pair) throws(ServerStartFailure) {
        loaded = Mutex(try Self.load(pair))
    }

    /// Puts another pair in use. One that cannot be used leaves the present one.
    ///
    /// - Returns: whether it is another one.
    package func replace(with pair: Pair) throws(ServerStartFailure) -> Bool {
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

    private static func load(_ pair: Pair) throws(ServerStartFailure) -> Loaded {
        let chain: [NIOSSLCertificate]
        do { chain = try NIOSSLCertificate.fromPEMBytes(Array(pair.chain.utf8)) } catch { chain = [] }
        guard !chain.isEmpty else {
            throw unusable(
                "\(pair.chainName) holds no certificate in PEM",
                hint: "it begins with -----BEGIN CERTIFICATE-----, the server's own first, then its issuers'")
        }
        let key = try privateKey(of: pair)
        // A context is made once for the test that the two belong together.
        var trial = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        trial.minimumTLSVersion = .tlsv12
        do { _ = try NIOSSLContext(configuration: trial) } catch {
            throw unusable(
                "\(pair.keyName) does not belong to \(pair.chainName)",
                hint: "compare `openssl x509 -noout -pubkey` of the one with `openssl pkey -pubout` of the other")
        }
        var override = NIOSSLContextConfigurationOverride()
        override.certificateChain = chain.map { .certificate($0) }
        override.privateKey = .privateKey(key)
        return Loaded(pair: pair, override: override)
    }

    private static func privateKey(of pair: Pair) throws(ServerStartFailure) -> NIOSSLPrivateKey {
        if pair.key.contains("ENCRYPTED") {
            throw unusable(
                "\(pair.keyName) is encrypted, and nobody is there to type its passphrase",
                hint: "decrypt it with `openssl pkey -in FILE -out FILE`, mode 0600")
        }
        do { return try NIOSSLPrivateKey(bytes: Array(pair.key.utf8), format: .pem) } catch {
            throw unusable(
                "\(pair.keyName) holds no private key in PEM",
                hint: "`openssl pkey -in FILE -noout` says whether there is one")
        }
    }

    private static func unusable(_ message: String, hint: String) -> ServerStartFailure {
        ServerStartFailure(.certificateNotUsable, message, hint: hint)
    }
}
