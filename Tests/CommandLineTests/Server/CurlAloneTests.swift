import TestSupport
import Testing

@Suite("ddns-acme serve: what a device can do with curl alone", .serialized)
struct CurlAloneTests {
    private static let name = "dev1.devices.example.com"

    @Test("enroll, check in, send a CSR, get the chain: over TLS with the certificate that the server got for itself")
    func device() async throws {
        try await Fleet.with { fleet in
            try await ControlServerProcess.with(fleet, tls: true) { server in
                #expect(fleet.orderCount == 1)
                let token = try await server.token("--name", "dev1")
                let enrolled = try await server.curl(
                    "POST", "/v1/enroll", credential: token, json: #"{"name":"dev1","addresses":["10.0.0.5"]}"#)
                #expect(enrolled.status == 201, "\(enrolled)")
                let document = try enrolled.json()
                #expect(document["name"] == .string(Self.name))
                guard case .string(let credential)? = document["credential"] else {
                    throw TestFailure("\(enrolled)")
                }
                #expect(try await fleet.named.values(Self.name, "A") == ["10.0.0.5"])

                let first = try await server.checkIn(credential, ["10.0.0.6", "fd00::5"])
                #expect(first.status == 200, "\(first)")
                let told = try first.json()
                #expect(told["certificate"] == .object(["action": .string("send-csr")]))
                #expect(told["addresses"] == .array([.string("10.0.0.6"), .string("fd00::5")]))
                #expect(try await fleet.named.values(Self.name, "A") == ["10.0.0.6"])
                #expect(try await fleet.named.values(Self.name, "AAAA") == ["fd00::5"])

                let key = fleet.folder.path("device.key")
                let csr = fleet.folder.path("device.csr")
                try await Peer.require(
                    .openssl,
                    [
                        "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
                        "-subj", "/", "-addext", "subjectAltName=DNS:\(Self.name)", "-out", csr,
                    ])
                let issued = try await server.curl(
                    "POST", "/v1/certificate", credential: credential, json: nil, "-H", "Prefer: wait=60", "-H",
                    "Content-Type: application/x-pem-file", "--data-binary", "@" + csr)
                #expect(issued.status == 200, "\(issued)")
                #expect(issued.fields["content-type"] == "application/pem-certificate-chain")
                let chain = fleet.folder.path("chain.pem")
                try fleet.folder.write(issued.body, to: "chain.pem")
                let root = try await fleet.pebble.writeRootCertificate()
                try await Peer.require(
                    .openssl,
                    ["verify", "-CAfile", root, "-untrusted", chain, "-verify_hostname", Self.name, chain])

                let again = try await server.curl("GET", "/v1/certificate", credential: credential)
                #expect(again.status == 200 && again.body == issued.body)
                let serial = try await Peer.require(.openssl, ["x509", "-in", chain, "-noout", "-serial"])
                    .lines[0].drop { $0 != "=" }.dropFirst()
                let last = try await server.checkIn(
                    credential, ["10.0.0.6", "fd00::5"],
                    more: #","certificate":{"serial":"\#(serial)","notAfter":"2030-01-01T00:00:00Z"}"#)
                #expect(try last.json()["certificate"]?["action"] == .string("none"), "\(last)")
                #expect(fleet.orderCount == 2)
                #expect(try await fleet.challenges() == [])

                try await server.process.stop()
                #expect(server.process.phase == .ended(code: 0))
                #expect(!server.process.logText.contains(credential))
                #expect(!server.process.logText.contains(token))
            }
        }
    }
}
