import Glibc
import TestSupport
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

@Suite("ddns-acme serve: killed at any moment", .serialized)
struct KillTests {
    /// What the server has acknowledged.
    private struct Known {
        var credentials: [String: String] = [:]
        var chains: [String: String] = [:]
        /// By label: the address that was last acknowledged as published, and one whose acknowledgement was cut off.
        var addresses: [String: (acknowledged: String, attempted: String?)] = [:]
        /// Enrollments without an answer, by label: the token that is to be tried again.
        var open: [String: String] = [:]
    }

    private enum Event: Sendable {
        case chain(String, ControlServerProcess.Answer?)
        case enrollment(String, token: String, ControlServerProcess.Answer?)
        case checkIn(String, address: String, ControlServerProcess.Answer?)
        case killed
    }

    @Test("kill -9 during enrollments, check-ins and issuance: nothing acknowledged is lost, nothing is duplicated")
    func kills() async throws {
        let rounds = getenv("DDNS_ACME_TEST_KILLS").flatMap { Int(String(cString: $0)) } ?? 5
        try await Fleet.with { fleet in
            let port = try LoopbackPort.reserve()
            let site = try fleet.site("control") {
                $0.more = "server: { listen: \"127.0.0.1:\(port)\", tls: self, name: control }"
            }
            var known = Known()
            try await ControlServerProcess.with(site, root: nil) { server in
                for round in 1...rounds {
                    if round > 1 {
                        try await restart(server)
                        try await verify(server, fleet, &known)
                    }
                    try await disturb(server, fleet, round: round, &known)
                }
                try await restart(server)
                try await verify(server, fleet, &known)
                try await settle(server, fleet, known)
                // Each device once, and no other.
                let names = try await server.site.run("device", "list", "--json").lines
                #expect(names.count == 2 * rounds)
            }
            // One order a device at the most: a crash costs none.
            #expect(fleet.orderCount <= rounds)
            #expect(fleet.certificateCount <= rounds)
        }
    }

    /// Enrolls a device, changes the address of another and has a certificate issued, all at once, and kills the server
    /// meanwhile: at another moment each round, from the first write to after the last.
    private func disturb(
        _ server: ControlServerProcess, _ fleet: Fleet, round: Int, _ known: inout Known
    ) async throws {
        let label = "dev\(round)"
        let credential = try await server.enroll(label, addresses: ["10.0.0.1"])
        known.credentials[label] = credential
        known.addresses[label] = ("10.0.0.1", nil)
        let csr = try await server.csr(label, fleet)
        let token = try await server.token("--name", "new\(round)")
        let address = "10.1.\(round / 250).\(round % 250 + 1)"
        try await withThrowingTaskGroup(of: Event.self) { group in
            group.addTask { .chain(label, try? await server.send(csr, credential)) }
            group.addTask {
                .checkIn(label, address: address, try? await server.checkIn(credential, [address]))
            }
            group.addTask {
                .enrollment("new\(round)", token: token, try? await Self.enroll(server, token, "new\(round)"))
            }
            group.addTask {
                // The first rounds cover the moments of a check-in and an enrollment, the others those of an issuance.
                try await Task.sleep(for: .milliseconds(round.isMultiple(of: 2) ? 4 * (round % 25) : 60 * (round % 25)))
                try await server.process.kill9()
                return .killed
            }
            for try await event in group {
                switch event {
                case .chain(let label, let answer):
                    if let answer, answer.status == 200 { known.chains[label] = answer.body }
                case .checkIn(let label, let address, let answer):
                    let isPublished = answer?.body.contains("\"addresses\":[\"\(address)\"]") ?? false
                    known.addresses[label] = isPublished ? (address, nil) : ("10.0.0.1", address)
                case .enrollment(let label, let token, let answer):
                    if let answer, answer.status == 201 {
                        known.credentials[label] = try Self.credential(answer)
                    } else {
                        known.open[label] = token
                    }
                case .killed: break
                }
            }
        }
    }

    private func restart(_ server: ControlServerProcess) async throws {
        let mark = server.process.logMark
        try await server.process.start()
        _ = try await ControlServerProcess.waitForPort(server.process, after: mark)
    }

    /// What was acknowledged is known, whatever happened since.
    private func verify(_ server: ControlServerProcess, _ fleet: Fleet, _ known: inout Known) async throws {
        // An enrollment whose answer was lost is repeated with the same token and key, and is the same enrollment.
        for (label, token) in known.open {
            let answer = try await Self.enroll(server, token, label)
            #expect(answer.status == 201, "\(label): \(answer)")
            known.credentials[label] = try Self.credential(answer)
        }
        known.open = [:]
        for (label, credential) in known.credentials {
            guard let chain = known.chains[label] else { continue }
            let present = try await server.curl("GET", "/v1/certificate", credential: credential)
            #expect(present.status == 200 && present.body == chain, "\(label): \(present)")
        }
        for (label, address) in known.addresses {
            let held = try await fleet.named.values("\(label).\(Fleet.zone)", "A")
            #expect(held == [address.acknowledged] || held == address.attempted.map { [$0] }, "\(label): \(held)")
        }
    }

    /// Every request comes to its end, and no challenge stays.
    private func settle(_ server: ControlServerProcess, _ fleet: Fleet, _ known: Known) async throws {
        for (label, credential) in known.credentials {
            let answer = try await server.checkIn(credential, ["10.2.0.1"])
            #expect(answer.status == 200, "\(label): \(answer)")
            let chain = try await poll("the certificate of \(label)") {
                let answer = try await server.curl("GET", "/v1/certificate", credential: credential)
                // A request whose acknowledgement was cut off may or may not have been taken in.
                if answer.status == 404 { return "" }
                return answer.status == 200 ? answer.body : nil
            }
            if let acknowledged = known.chains[label] { #expect(chain == acknowledged, "\(label)") }
        }
        try await poll("the challenges to be gone") { try await fleet.challenges() == [] ? true : nil }
    }

    private static func enroll(
        _ server: ControlServerProcess, _ token: String, _ label: String
    ) async throws -> ControlServerProcess.Answer {
        try await server.curl(
            "POST", "/v1/enroll", credential: token, json: "{}", "-H", "Idempotency-Key: " + label)
    }

    private static func credential(_ answer: ControlServerProcess.Answer) throws -> String {
        guard case .string(let credential)? = try answer.json()["credential"] else { throw TestFailure("\(answer)") }
        return credential
    }
}
