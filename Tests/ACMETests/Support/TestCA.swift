import ACMEAsyncHTTPClient
import Logging
import TestSupport

@testable import ACME

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A real CA (pebble) and a client on the real transport.
struct TestCA {
    let pebble: PebbleServer
    let transport: AsyncHTTPClientTransport
    let client: ACMEClient

    /// - Parameter configure: changes to a pebble that finds every challenge valid and asks for no pause.
    static func with<Result: Sendable>(
        _ configure: (inout PebbleOptions) -> Void = { _ in }, _ body: (TestCA) async throws -> Result
    ) async throws -> Result {
        var options = PebbleOptions()
        options.alwaysValid = true
        options.retryAfter = (0, 0)
        configure(&options)
        return try await PebbleServer.with(options, dnsPort: LoopbackPort.reserve()) { pebble in
            try await AsyncHTTPClientTransport.withTransport(trustRoots: pebble.trustRootFile) { transport in
                let client = ACMEClient(
                    directory: try ACMEURL(pebble.directoryURL), transport: transport, logger: Logger(label: "test"))
                return try await body(TestCA(pebble: pebble, transport: transport, client: client))
            }
        }
    }

    /// A session of a new account.
    func newAccount(contacts: [String] = []) async throws -> AccountSession {
        let key = AccountKey.generate()
        let account = try await client.createAccount(key: key, contacts: contacts, termsOfServiceAgreed: true)
        return client.session(account: account.url, key: key)
    }

    /// A certificate by the whole flow of RFC 8555 §7.1.
    func issue(
        _ names: [String], _ session: AccountSession, profile: String? = nil, replaces: CertificateID? = nil
    ) async throws -> (order: Order, chain: CertificateChain, request: TestRequest) {
        let request = try await TestRequest.make(names, in: pebble.directory)
        let order = try await session.newOrder(
            OrderRequest(identifiers: names.map(Identifier.dns), profile: profile, replaces: replaces))
        let valid = try await authorize(order, session)
        let issued = try await session.finalize(valid, csr: request.der)
        return (issued, try await session.certificateChain(of: issued), request)
    }

    /// Answers every pending dns-01 challenge of an order.
    func authorize(_ order: Order, _ session: AccountSession) async throws -> Order {
        for authorization in try await session.authorizations(of: order) where authorization.status == .pending {
            guard let challenge = authorization.challenge(.dns01) else { throw TestFailure("no dns-01 offered") }
            _ = try await session.respond(to: challenge)
            _ = try await session.waitUntilValid(authorization: authorization.url)
        }
        return try await session.waitUntilReady(session.order(at: order.url))
    }

    /// What the CA's management interface says about a certificate.
    func status(of chain: CertificateChain) async throws -> String {
        let text = try await Peer.require(.openssl, ["x509", "-noout", "-serial"], input: chain.leafPEM).standardOutput
        let serial = text.drop { $0 != "=" }.dropFirst().prefix { !$0.isWhitespace }
        return try await pebble.certificateStatus(serial: String(serial))
    }
}

/// A key and a CSR made by OpenSSL.
struct TestRequest {
    let der: [UInt8]
    let keyPEM: String

    static func make(
        _ names: [String], commonName: String? = nil, key: [String] = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
        in directory: TemporaryDirectory
    ) async throws -> TestRequest {
        let name = UUID().uuidString
        let (csr, keyFile) = (directory.path(name + ".der"), directory.path(name + ".key"))
        let list = names.map { $0.first?.isNumber == true || $0.contains(":") ? "IP:\($0)" : "DNS:\($0)" }
        var arguments =
            ["req", "-new", "-nodes", "-newkey"] + key + ["-keyout", keyFile, "-outform", "DER", "-out", csr]
        arguments += ["-subj", commonName.map { "/CN=\($0)" } ?? "/"]
        if !names.isEmpty { arguments += ["-addext", "subjectAltName=" + list.joined(separator: ",")] }
        try await Peer.require(.openssl, arguments)
        return TestRequest(
            der: Array(try Data(contentsOf: URL(fileURLWithPath: csr))),
            keyPEM: try TemporaryDirectory.text(of: keyFile))
    }
}
