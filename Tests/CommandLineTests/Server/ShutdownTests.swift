import Glibc
import TestSupport
import Testing

@Suite("ddns-acme serve: told to stop", .serialized)
struct ShutdownTests {
    private static let name = "dev1.devices.example.com"

    @Test("during an issuance that a device waits for: it is finished, no challenge stays, nothing is ordered twice")
    func duringIssuance() async throws {
        var options = PebbleOptions()
        // So that there is a time in which the CA is at work.
        options.validatesAtOnce = false
        options.validationSleepSeconds = 3
        try await Fleet.with(options) { fleet in
            let port = try LoopbackPort.reserve()
            let site = try fleet.site("control") { $0.more = "server: { listen: \"127.0.0.1:\(port)\", tls: self }" }
            try await ControlServerProcess.with(site, root: nil) { server in
                let credential = try await server.enroll("dev1", addresses: ["10.0.0.5"])
                let csr = try await server.csr("dev1", fleet)
                async let waiting = server.send(csr, credential)
                try await poll("the challenge to be in the zone") { try await fleet.challenges() == [] ? nil : true }
                server.process.signal(SIGTERM)
                // Told that it goes on, or given the chain: never cut off.
                let answer = try await waiting
                #expect(answer.status == 202 || answer.status == 200, "\(answer)")
                #expect(try await server.process.waitForEnd() == 0)
                #expect(try await fleet.challenges() == [])
                #expect(fleet.certificateCount == 1)

                let mark = server.process.logMark
                try await server.process.start()
                _ = try await ControlServerProcess.waitForPort(server.process, after: mark)
                let chain = try await server.curl("GET", "/v1/certificate", credential: credential)
                #expect(chain.status == 200 && chain.body.hasPrefix("-----BEGIN CERTIFICATE-----"), "\(chain)")
                #expect(try await server.send(csr, credential).body == chain.body)
                #expect(fleet.orderCount == 1)
            }
        }
    }

    @Test("during a long wait for a CA that does not come to an end: the waiting are answered, no challenge stays")
    func duringLongWait() async throws {
        var options = PebbleOptions()
        options.validatesAtOnce = false
        options.validationSleepSeconds = 600
        try await Fleet.with(options) { fleet in
            let port = try LoopbackPort.reserve()
            let site = try fleet.site("control") { $0.more = "server: { listen: \"127.0.0.1:\(port)\", tls: self }" }
            try await ControlServerProcess.with(site, root: nil) { server in
                let credential = try await server.enroll("dev1")
                let csr = try await server.csr("dev1", fleet)
                async let waiting = server.send(csr, credential, wait: 120)
                try await poll("the challenge to be in the zone") { try await fleet.challenges() == [] ? nil : true }
                server.process.signal(SIGTERM)
                let answer = try await waiting
                #expect(answer.status == 202, "\(answer)")
                let code = try await server.process.waitForEnd()
                #expect(code == 0, "\(server.process.logText)")
                #expect(try await fleet.challenges() == [])
            }
        }
    }
}

extension ControlServerProcess {
    /// Writes a certificate request for the device's name, with a key of its own.
    func csr(_ label: String, _ fleet: Fleet) async throws -> String {
        let csr = fleet.folder.path(label + ".csr")
        try await Peer.require(
            .openssl,
            [
                "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                fleet.folder.path(label + ".key"), "-subj", "/", "-addext",
                "subjectAltName=DNS:\(label).\(Fleet.zone)", "-out", csr,
            ])
        return csr
    }

    /// Sends a certificate request and waits for the chain.
    func send(_ csr: String, _ credential: String, wait seconds: Int = 30) async throws -> Answer {
        try await curl(
            "POST", "/v1/certificate", credential: credential, json: nil, "-H", "Prefer: wait=\(seconds)", "-H",
            "Content-Type: application/x-pem-file", "--data-binary", "@" + csr)
    }
}
