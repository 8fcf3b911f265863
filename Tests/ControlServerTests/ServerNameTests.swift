import FleetAPI
import FleetStore
import HTTPTypes
import Issuance
import Testing

@testable import ControlServer

@Suite("The server's own name: whoever speaks for it could take every device's credential")
struct ServerNameTests {
    private static let name = "control.devices.example.com"

    @Test("a device's credential for it is refused at every route, and every token but an operator's without a pattern")
    func credentials() async throws {
        try await TestServices.with { services in
            let table = EndpointTable(TestServices.endpoints(services))
            let own = try services.name(Self.name)
            let index = DeviceIndex(store: services.store)
            let authenticator = Authenticator(
                store: services.store, index: index,
                zones: ManagedZones(services.zones.all, serverName: own), now: services.now)
            let credential = SecretToken.random(.device)
            try await Self.enroll(services.store, credential)
            try await index.refresh()
            for path in ["/v1/check-in", "/v1/certificate", "/v1/credential"] {
                let match = try table.match(method: "POST", path: path[...])
                let problem = await Self.refusal(authenticator, credential, match)
                #expect(problem?.document.type == .nameNotAllowed, "\(path)")
            }
            let match = try table.match(method: "PUT", path: "/v1/devices/CONTROL/address")
            for (role, pattern, isGood) in [
                (AccessToken.Role.issue, String?.none, false), (.issue, "control", false), (.issue, "*", false),
                (.operator, "con*", false), (.operator, nil, true),
            ] {
                let token = SecretToken.random(.access)
                _ = try await services.store.createToken(
                    NewAccessToken(hash: SecretHash.of(token), role: role, namePattern: pattern),
                    audit: NewAuditEntry(actor: "test", action: "token.create", subject: "", origin: "test"))
                let problem = await Self.refusal(authenticator, token, match)
                #expect((problem == nil) == isGood, "\(role) \(pattern ?? "-")")
                #expect(isGood || problem?.document.type == .nameNotAllowed)
            }
        }
    }

    private static func refusal(
        _ authenticator: Authenticator, _ token: SecretToken, _ match: EndpointTable.Match
    ) async -> APIProblem? {
        do {
            _ = try await authenticator.principal([.authorization: "Bearer \(token.reveal())"], for: match)
            return nil
        } catch {
            return APIProblem(error)
        }
    }

    /// As it was possible once.
    private static func enroll(_ store: any FleetStore, _ credential: SecretToken) async throws {
        let hash = [UInt8](repeating: 1, count: 32)
        _ = try await store.createToken(
            NewAccessToken(hash: hash, role: .enroll),
            audit: NewAuditEntry(actor: "test", action: "token.create", subject: "", origin: "test"))
        _ = try await store.enroll(
            NewEnrollment(
                tokenHash: hash, device: NewDevice(name: name, zone: "devices.example.com"), mayReclaim: false,
                credentialHash: SecretHash.of(credential), holdTime: .seconds(60), origin: "test"))
    }
}
