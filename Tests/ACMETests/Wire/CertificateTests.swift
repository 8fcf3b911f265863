import TestSupport
import Testing

@testable import ACME

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// With certificates and requests made by OpenSSL.
@Suite("Certificates and requests")
struct CertificateTests {
    /// A root, an intermediate and a leaf below it, as PEM.
    private struct Hierarchy {
        let root: String
        let intermediate: String
        let leaf: String

        static func make(in folder: TemporaryDirectory) async throws -> Hierarchy {
            let configuration = try folder.write(
                """
                [req]
                distinguished_name = name
                [name]
                [ca]
                basicConstraints = critical, CA:TRUE
                subjectKeyIdentifier = hash
                [leaf]
                basicConstraints = critical, CA:FALSE
                subjectAltName = DNS:dev.example.com
                authorityKeyIdentifier = keyid

                """, to: "openssl.cnf")
            func issue(_ name: String, _ extensions: String, by issuer: String?) async throws -> String {
                var arguments = [
                    "req", "-x509", "-config", configuration, "-extensions", extensions, "-subj", "/CN=\(name)",
                    "-days", "9",
                    "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                    folder.path(name + ".key"),
                    "-out", folder.path(name),
                ]
                if let issuer { arguments += ["-CA", folder.path(issuer), "-CAkey", folder.path(issuer + ".key")] }
                try await Peer.require(.openssl, arguments)
                return try folder.read(name)
            }
            return Hierarchy(
                root: try await issue("Root R1", "ca", by: nil),
                intermediate: try await issue("CA X1", "ca", by: "Root R1"),
                leaf: try await issue("leaf", "leaf", by: "CA X1"))
        }
    }

    @Test("RFC 8555 §7.4.2: the leaf comes first, and each certificate is issued by the next")
    func chainOrder() async throws {
        try await TemporaryDirectory.with { folder in
            let all = try await Hierarchy.make(in: folder)
            func chain(_ parts: String...) throws -> CertificateChain {
                try CertificateChain(pem: Array(parts.joined().utf8))
            }
            let chain3 = try chain(all.leaf, all.intermediate, all.root)
            #expect(chain3.issuerNames == ["CA X1", "Root R1", "Root R1"])
            #expect(try chain(all.leaf, "\n\r\n", all.intermediate).rootName == "Root R1")
            #expect(try chain(all.leaf).certificates.count == 1)
            #expect(chain3.leafPEM == all.leaf && chain3.issuersPEM == all.intermediate + all.root)
            #expect(chain3.pem == all.leaf + all.intermediate + all.root)
            for parts in [
                [all.intermediate, all.leaf], [all.leaf, all.root], [all.leaf, all.intermediate, all.leaf],
                [all.intermediate, all.root],
            ] {
                let error = #expect(throws: ACMEError.self) { try CertificateChain(pem: Array(parts.joined().utf8)) }
                #expect(error?.code == .protocolViolation)
            }
        }
    }

    @Test("RFC 8555 §9.1: text around or inside a certificate is refused; it could be anything")
    func garbage() async throws {
        try await TemporaryDirectory.with { folder in
            let leaf = try await Hierarchy.make(in: folder).leaf
            let bodies = [
                leaf + "trailing", "leading\n" + leaf, leaf + String(leaf.dropLast(20)),
                leaf.replacing("-----END CERTIFICATE-----", with: "*\n-----END CERTIFICATE-----"),
                leaf.replacing("CERTIFICATE", with: "TRUSTED CERTIFICATE"), String(leaf.dropFirst()),
            ]
            for body in bodies {
                #expect(throws: ACMEError.self) { try CertificateChain(pem: Array(body.utf8)) }
            }
        }
    }

    @Test(
        "RFC 9773 §4.1: the serial's leading 00 belongs to the certificate's name when its first bit is set",
        arguments: [
            ("0x8765432100000000000000000000000000000001", "AIdlQyEAAAAAAAAAAAAAAAAAAAAB"), ("0x80", "AIA"),
            ("0x7f", "fw"),
            ("0x0100", "AQA"), ("0x01", "AQ"),
        ])
    func certificateID(serial: String, encoded: String) async throws {
        try await TemporaryDirectory.with { folder in
            let all = try await Hierarchy.make(in: folder)
            _ = all
            let leaf = try await Peer.require(
                .openssl,
                [
                    "req", "-x509", "-config", folder.path("openssl.cnf"), "-extensions", "leaf", "-subj", "/CN=x",
                    "-set_serial",
                    serial, "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                    folder.path("x.key"),
                    "-CA", folder.path("CA X1"), "-CAkey", folder.path("CA X1.key"),
                ]
            ).standardOutput
            let id = try CertificateID(certificate: CertificateChain(pem: Array(leaf.utf8)).leaf)
            #expect(id.text.split(separator: ".").last.map(String.init) == encoded)
            let issuer = try await Peer.require(
                .openssl, ["x509", "-in", folder.path("CA X1"), "-noout", "-ext", "subjectKeyIdentifier"])
            let hex = issuer.lines.last?.filter { $0.isHexDigit }.lowercased()
            let keyIdentifier = Base64URL.decode(String(id.text.prefix { $0 != "." })) ?? []
            #expect(keyIdentifier.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() == hex)
        }
    }

    @Test("RFC 9773 §4.1: a certificate without an authority key identifier has no name, and is told as such")
    func withoutKeyIdentifier() async throws {
        let pem = try await Peer.require(
            .openssl,
            [
                "req", "-x509", "-subj", "/CN=x", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout",
                "/dev/null", "-addext", "authorityKeyIdentifier=none", "-addext", "basicConstraints=CA:FALSE",
                "-config",
                "/dev/null",
            ]
        ).standardOutput
        guard case .success(let ders) = PEMBundle.parse(Array(pem.utf8)), let der = ders.first else {
            throw TestFailure("openssl wrote no certificate: \(pem)")
        }
        let error = #expect(throws: ACMEError.self) { try CertificateID(certificate: der) }
        #expect(error?.message.contains("Authority Key Identifier") == true)
        #expect(throws: ACMEError.self) { try CertificateID(certificate: [1, 2, 3]) }
    }

    @Test(
        "RFC 8555 §7.4: a CSR must be for exactly the order's names, the common name included",
        arguments: [
            (["dev.example.com"], nil, true), (["DEV.example.com"], "dev.EXAMPLE.com", true),
            (["dev.example.com", "x.example.com"], nil, false), (["x.example.com"], nil, false), ([], nil, false),
            ([], "dev.example.com", true), (["dev.example.com"], "other.example.com", false),
            (["dev.example.com", "192.0.2.1"], nil, false), (["dev.example.com", "2001:db8::1"], nil, false),
        ] as [([String], String?, Bool)])
    func requestNames(names: [String], commonName: String?, isAccepted: Bool) async throws {
        let scripted = try ScriptedSession([:])
        let order = try scripted.order("ready")
        let csr = try await TemporaryDirectory.with { folder in
            try await TestRequest.make(names, commonName: commonName, in: folder).der
        }
        if isAccepted {
            try CertificateRequestCheck(csr).check(order, accountKey: .generate())
        } else {
            let error = #expect(throws: ACMEError.self) {
                try CertificateRequestCheck(csr).check(order, accountKey: .generate())
            }
            #expect(error?.code == .badCSR)
        }
    }

    @Test("RFC 8738 §3: addresses in a CSR are compared as the order writes them")
    func requestAddresses() async throws {
        let scripted = try ScriptedSession([:])
        let text = """
            {"status": "ready", "authorizations": [], "finalize": "https://ca.test/f", "identifiers": [
             {"type": "ip", "value": "192.0.2.1"}, {"type": "ip", "value": "2001:db8::1:0:0:1"}, {"type": "ip", "value": "::1"}]}
            """
        let order = try Order(.json(200, text), url: ACMEURL("https://ca.test/o"), receivedAt: scripted.clock.now)
        let csr = try await TemporaryDirectory.with { folder in
            try await TestRequest.make(["192.0.2.1", "2001:db8:0:0:1::1", "::1"], in: folder).der
        }
        try CertificateRequestCheck(csr).check(order, accountKey: .generate())
    }

    @Test("a CSR that is not one costs no request")
    func garbageRequest() async throws {
        let scripted = try ScriptedSession([:])
        let order = try scripted.order("ready")
        for csr in [[], [0x30], [0x30, 0x03, 1, 1, 0], [UInt8](repeating: 0x30, count: 4_096)] as [[UInt8]] {
            let error = try await failure { () async throws(ACMEError) in
                try await scripted.session.finalize(order, csr: csr)
            }
            #expect(error.code == .badCSR)
        }
        #expect(scripted.ca.calls.isEmpty)
    }

    @Test("RFC 8555 §7.4.2: alternates by relative and absolute links are followed, itself and repeats are not")
    func alternates() async throws {
        try await TemporaryDirectory.with { folder in
            let all = try await Hierarchy.make(in: folder)
            let (short, long) = (all.leaf + all.intermediate, all.leaf)
            let scripted = try ScriptedSession([
                "/cert/1": { _ in
                    var headers: ACMEHeaders = [
                        "Link": "</cert/2>;rel=\"alternate\", <https://ca.test/cert/1>;rel=alternate"
                    ]
                    headers.append("Link", "<../cert/2>;rel=alternate")
                    headers.append("Link", "<https://ca.test/directory>;rel=\"index\"")
                    return ACMEResponse(status: 200, headers: headers, body: Array(short.utf8))
                },
                "/cert/2": { _ in ACMEResponse(status: 200, body: Array(long.utf8)) },
            ])
            let url = try ACMEURL(ScriptedCA.base + "/cert/1")
            #expect(try await scripted.session.certificateChains(at: url).map(\.rootName) == ["Root R1", "CA X1"])
            let chosen = try await scripted.session.certificateChain(at: url, preferredIssuer: "CA X1")
            #expect(chosen.certificates.count == 1)
            #expect(
                scripted.ca.calls(to: "/cert/1").allSatisfy {
                    $0.headers["accept"] == "application/pem-certificate-chain"
                })
        }
    }

    @Test("a valid order without a certificate breaks the protocol")
    func noCertificate() async throws {
        let scripted = try ScriptedSession([:])
        let order = try scripted.order("valid")
        let error = try await failure { () async throws(ACMEError) in
            try await scripted.session.certificateChain(of: order)
        }
        #expect(error.code == .protocolViolation)
    }
}
