import Glibc
import TestSupport
import Testing

@Suite("ddns-acme serve: killed at any moment", .serialized)
struct KillTests {
    @Test("kill -9 during enrollments, check-ins and issuance: nothing acknowledged is lost, nothing is duplicated")
    func kills() async throws {
        let rounds = getenv("DDNS_ACME_TEST_KILLS").flatMap { Int(String(cString: $0)) } ?? 5
        try await Fleet.with { fleet in
            let port = try LoopbackPort.reserve()
            let site = try fleet.site("control") {
                $0.more = "server: { listen: \"127.0.0.1:\(port)\", tls: self, name: control }"
            }
            var credentials: [String: String] = [:]
            var chains: [String: String] = [:]
            try await ControlServerProcess.with(site, root: nil) { server in
                for round in 1...rounds {
                    if round > 1 {
                        let mark = server.process.logMark
                        try await server.process.start()
                        _ = try await ControlServerProcess.waitForPort(server.process, after: mark)
                    }
                    for (label, credential) in credentials {
                        // What was acknowledged is known, whatever happened since.
                        let answer = try await server.checkIn(credential, ["10.0.\(round).1"])
                        #expect(answer.status == 200, "\(label): \(answer)")
                        if let chain = chains[label] {
                            let present = try await server.curl("GET", "/v1/certificate", credential: credential)
                            #expect(present.status == 200 && present.body == chain, "\(label): \(present)")
                        }
                    }
                    let label = "dev\(round)"
                    let credential = try await server.enroll(label)
                    credentials[label] = credential
                    let csr = try await request(label, fleet)
                    try await withThrowingTaskGroup(of: (String, ControlServerProcess.Answer?).self) { group in
                        group.addTask {
                            let answer = try? await server.curl(
                                "POST", "/v1/certificate", credential: credential, json: nil, "-H", "Prefer: wait=30",
                                "-H", "Content-Type: application/x-pem-file", "--data-binary", "@" + csr)
                            return (label, answer)
                        }
                        group.addTask {
                            // A different moment each round: from the first write of the request to after its end.
                            try await Task.sleep(for: .milliseconds(60 * ((round - 1) % 25)))
                            try await server.process.kill9()
                            return ("", nil)
                        }
                        for try await (label, answer) in group {
                            if let answer, answer.status == 200 { chains[label] = answer.body }
                        }
                    }
                }
                let mark = server.process.logMark
                try await server.process.start()
                _ = try await ControlServerProcess.waitForPort(server.process, after: mark)
                for (label, credential) in credentials {
                    let chain = try await poll("the certificate of \(label)", within: .seconds(60)) {
                        let answer = try await server.curl("GET", "/v1/certificate", credential: credential)
                        // A request whose acknowledgement was cut off may or may not have been taken in.
                        if answer.status == 404 { return "" }
                        return answer.status == 200 ? answer.body : nil
                    }
                    if let acknowledged = chains[label] { #expect(chain == acknowledged, "\(label)") }
                }
                try await poll("the challenges to be gone") { try await fleet.challenges() == [] ? true : nil }
            }
            // One order a device at the most: a crash costs none.
            #expect(fleet.orderCount <= rounds)
            #expect(fleet.certificateCount <= rounds)
        }
    }

    private func request(_ label: String, _ fleet: Fleet) async throws -> String {
        let csr = fleet.folder.path(label + ".csr")
        try await Peer.require(
            .openssl,
            [
                "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                fleet.folder.path(label + ".key"), "-subj", "/", "-addext",
                "subjectAltName=DNS:\(label).devices.example.com", "-out", csr,
            ])
        return csr
    }
}
