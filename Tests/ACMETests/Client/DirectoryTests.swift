import Testing

@testable import ACME

@Suite("RFC 8555 §7.1.1: the directory")
struct DirectoryTests {
    private static let moved = ScriptedCA.directory.replacing("/new-order", with: "/moved-order")
    private let request = OrderRequest(identifiers: [.dns("dev.example.com")])

    private static let order: ScriptedCA.Script = { _ in
        .json(201, ScriptedCA.order("pending"), ["Location": ScriptedCA.base + "/order/1"])
    }

    @Test("a hundred tasks share one fetch, until the directory is old")
    func shared() async throws {
        let scripted = try ScriptedSession([:])
        try await withThrowingTaskGroup(of: Directory.self) { group in
            for _ in 0..<100 { group.addTask { try await scripted.client.directory() } }
            for try await _ in group {}
        }
        #expect(scripted.ca.calls(to: "/directory").count == 1)
        scripted.clock.advance(by: ClientConfiguration().directoryLifetime)
        _ = try await scripted.client.directory()
        #expect(scripted.ca.calls(to: "/directory").count == 2)
    }

    @Test("a fetch that failed is not remembered")
    func failed() async throws {
        let scripted = try ScriptedSession([
            "/directory": { $0.number == 1 ? .json(200, "<html>") : .json(200, ScriptedCA.directory) }
        ])
        let error = try await failure { () async throws(ACMEError) in try await scripted.client.directory() }
        #expect(error.code == .protocolViolation)
        #expect(error.hint?.contains("acme.directory") == true)
        _ = try await scripted.client.directory()
    }

    @Test("a CA that moves its URLs is followed by way of a fresh directory")
    func moved() async throws {
        let scripted = try ScriptedSession([
            "/directory": { .json(200, $0.number == 1 ? ScriptedCA.directory : Self.moved) },
            "/moved-order": Self.order,
        ])
        _ = try await scripted.client.directory()
        scripted.clock.advance(by: .seconds(3_600))
        _ = try await scripted.session.newOrder(request)
        #expect(scripted.ca.calls(to: "/new-order").count == 1)
        #expect(scripted.ca.calls(to: "/moved-order").count == 1)
    }

    @Test("an order that is gone does not make the client fetch the directory again")
    func goneOrder() async throws {
        let scripted = try ScriptedSession([:])
        _ = try await scripted.client.directory()
        scripted.clock.advance(by: .seconds(3_600))
        let error = try await failure { () async throws(ACMEError) in
            try await scripted.session.order(at: ACMEURL(ScriptedCA.base + "/order/9"))
        }
        #expect(error.code == .notFound)
        #expect(scripted.ca.calls(to: "/directory").count == 1)
    }

    @Test("what the CA does not offer is told as such", arguments: ["revokeCert", "keyChange", "renewalInfo"])
    func missing(endpoint: String) async throws {
        let scripted = try ScriptedSession([
            "/directory": { _ in .json(200, ScriptedCA.directory.replacing("\"\(endpoint)\"", with: "\"other\"")) }
        ])
        let error = try await failure { () async throws(ACMEError) in
            switch endpoint {
            case "revokeCert": try await scripted.session.revoke(certificate: [1])
            case "keyChange": _ = try await scripted.session.rollKey(to: .generate())
            default: _ = try await scripted.client.renewalInfo(for: CertificateID(keyIdentifier: [1], serial: [1]))
            }
        }
        #expect(error.code == .unsupported && error.message.contains(endpoint))
    }

    @Test("a directory may lack meta, and meta may hold anything")
    func meta() async throws {
        for meta in ["null", "{}", "{\"termsOfService\": 5, \"profiles\": [], \"caaIdentities\": \"x\", \"new\": 1}"] {
            let scripted = try ScriptedSession([
                "/directory": { _ in
                    .json(
                        200,
                        """
                        {"newNonce": "https://ca.test/nonce", "newAccount": "https://ca.test/account",
                         "newOrder": "https://ca.test/new-order", "meta": \(meta)}
                        """)
                }
            ])
            #expect(try await scripted.client.directory().meta == Directory.Meta.empty)
        }
    }

    @Test("RFC 8555 §6.1: an http URL in a directory is refused")
    func insecure() async throws {
        let scripted = try ScriptedSession([
            "/directory": { _ in
                .json(
                    200, ScriptedCA.directory.replacing("https://ca.test/new-order", with: "http://ca.test/new-order"))
            }
        ])
        let error = try await failure { () async throws(ACMEError) in try await scripted.client.directory() }
        #expect(error.code == .protocolViolation && error.message.contains("http://ca.test/new-order"))
    }
}
