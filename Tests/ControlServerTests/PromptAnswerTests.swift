import DNSUpdate
import FleetAPI
import FleetStore
import Foundation
import HTTPTypes
import Issuance
import NIOCore
import NIOEmbedded
import NIOHTTP1
import TestSupport
import Testing

@testable import ControlServer

@Suite("Check-ins that are answered at once: the gates are the same")
struct PromptAnswerTests {
    private static let requester = Requester(actor: "user:test", origin: "cli")

    /// A responder, and a device that it knows, with its address published.
    private struct Setting {
        let services: FleetServices
        let responder: APIResponder
        let credential: SecretToken
        let device: Device

        var index: DeviceIndex { responder.devices.index }

        func isAnswered(
            _ credential: SecretToken? = nil, body: String = #"{"addresses":["10.0.0.5"]}"#
        ) throws -> Bool {
            try answer(credential, body: body) != nil
        }

        func answer(
            _ credential: SecretToken? = nil, body: String = #"{"addresses":["10.0.0.5"]}"#
        ) throws -> CheckInLane.Answer? {
            let fields: HTTPHeaders = [
                "Authorization": "Bearer \((credential ?? self.credential).reveal())",
                "Content-Length": "\(body.utf8.count)",
            ]
            let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/v1/check-in", headers: fields)
            var request = try #require(PlainCheckIn(head))
            request.append(ByteBuffer(string: body))
            return responder.promptAnswer(to: request, over: EmbeddedChannel())
        }
    }

    /// - Parameter maximumAge: of the index; by default longer than a test on a slow machine takes.
    private func with(
        rate: ServerSettings.Rate = .init(burst: 1_000, interval: .seconds(1)),
        maximumAge: Duration = .seconds(3_600), _ body: (Setting) async throws -> Void
    ) async throws {
        let key = TestTSIGKey("ddns-acme")
        try await NamedServer.with(.devices("devices.example.com", key: key)) { named in
            try await TestServices.with(primary: named.port, key: key) { services in
                let token = try await FleetOperations(services: services)
                    .createToken(TokenCreation(role: .enroll), by: Self.requester).token
                let credential = SecretToken.random(.device)
                let outcome = try await services.enrollments.enroll(
                    EnrollmentDesk.Application(
                        tokenHash: SecretHash.of(token), credentialHash: SecretHash.of(credential), name: "dev1",
                        idempotencyKey: nil, origin: "test"))
                guard case .enrolled(let device, _) = outcome else {
                    Issue.record("not enrolled: \(outcome)")
                    return
                }
                _ = try await services.store.updateDevice(device.id, DeviceChange(addressesWanted: ["10.0.0.5"]))
                try await services.store.recordPublishedAddresses(["10.0.0.5"], of: device.id)
                var settings = ServerSettings()
                settings.credentialRate = rate
                let index = DeviceIndex(store: services.store, maximumAge: maximumAge)
                let (metrics, logger) = (ServerMetrics(), TestServices.logger)
                let devices = DeviceAPI(
                    services: services, index: index, sightings: SightingLog(store: services.store, logger: logger),
                    completions: CompletionBoard(), metrics: metrics, settings: settings, logger: logger)
                let responder = APIResponder(
                    endpoints: EndpointTable([]),
                    authenticator: Authenticator(
                        store: services.store, index: index, zones: services.zones, now: services.now),
                    devices: devices, metrics: metrics, settings: settings, logger: logger)
                let setting = Setting(services: services, responder: responder, credential: credential, device: device)
                #expect(try setting.isAnswered() == false, "before the store was looked at")
                try await index.refresh()
                try await body(setting)
            }
        }
    }

    @Test("a device whose address is published already gets the answer, and is noted as seen")
    func answered() async throws {
        try await with { setting async throws in
            let answer = try #require(try setting.answer())
            let response = try JSONDecoder().decode(CheckInResponse.self, from: Data(answer.body))
            #expect(response.name == "dev1.devices.example.com" && response.addresses == ["10.0.0.5"])
            #expect(response.certificate.action == .sendCSR && (270...330).contains(response.checkInAfter))
            #expect(answer.fields.first(name: "content-length") == "\(answer.body.count)")
            #expect(answer.fields.first(name: "cache-control") == "no-store")
            #expect(answer.fields.first(name: "date").flatMap { Timestamp(httpDate: $0) } != nil)
            #expect(answer.fields.first(name: "x-request-id")?.isEmpty == false)
            await setting.responder.devices.sightings.flush()
            #expect(try await setting.services.store.device(setting.device.id)?.lastSeenAt != nil)
        }
    }

    @Test(
        "what changes something, or is refused, is not answered here",
        arguments: [
            #"{"addresses":[]}"#, #"{"addresses":["10.0.0.6"]}"#, #"{"addresses":["10.0.0.5","10.0.0.6"]}"#,
            #"{"addresses":["192.0.2.1"]}"#, #"{"addresses":["127.0.0.1"]}"#, #"{"addresses":["10.0.0.05"]}"#,
            #"{"addresses":["10.0.0.5"],"more":1}"#, "{}", "[", "x",
        ])
    func otherBodies(body: String) async throws {
        try await with { setting async throws in
            #expect(try setting.isAnswered(body: body) == false)
        }
    }

    @Test("whoever is not known, suspended or removed is not answered here, as soon as that is seen in the store")
    func standing() async throws {
        try await with { setting async throws in
            #expect(try setting.isAnswered(.random(.device)) == false)
            #expect(try setting.isAnswered(.random(.access)) == false)
            for state in [Device.State.suspended, .removed] {
                _ = try await setting.services.store.updateDevice(setting.device.id, DeviceChange(state: state))
                try await setting.index.refresh()
                #expect(try setting.isAnswered() == false)
                _ = try await setting.services.store.updateDevice(setting.device.id, DeviceChange(state: .active))
                try await setting.index.refresh()
                #expect(try setting.isAnswered() == true)
            }
        }
    }

    @Test("a credential for the server's own name is not answered here either: it is refused")
    func serversOwn() async throws {
        try await with { setting async throws in
            #expect(try setting.isAnswered() == true)
            setting.services.zones.reserve([try DomainName("dev1.devices.example.com")])
            #expect(try setting.isAnswered() == false)
        }
    }

    @Test("a new credential's first use is for the store; then it is answered here, and the one before is not")
    func rotation() async throws {
        try await with { setting async throws in
            let store = setting.services.store
            let other = SecretToken.random(.device)
            let used = try #require(setting.index.known(hash: SecretHash.of(setting.credential))).credentialID
            try await store.rotateCredential(
                of: setting.device.id, used: used, newHash: SecretHash.of(other),
                overlapEnd: setting.services.now().addingTimeInterval(3_600),
                audit: NewAuditEntry(actor: "test", action: "credential.rotate", subject: "dev1", origin: "test"))
            try await setting.index.refresh()
            #expect(try setting.isAnswered(other) == false)
            let confirmed = try #require(setting.index.known(hash: SecretHash.of(other))).credentialID
            try await store.confirmCredential(confirmed)
            try await setting.index.refresh()
            #expect(try setting.isAnswered(other) == true)
            #expect(try setting.isAnswered() == false)
        }
    }

    @Test("a device has the same allowance here as elsewhere, and what is not answered here takes nothing of it")
    func allowance() async throws {
        try await with(rate: .init(burst: 3, interval: .seconds(3_600))) { setting async throws in
            for _ in 1...5 { #expect(try setting.isAnswered(body: "{}") == false) }
            for _ in 1...3 { #expect(try setting.isAnswered() == true) }
            #expect(try setting.isAnswered() == false)
            #expect(setting.responder.deviceLimit.take(setting.device.id) != nil)
        }
    }

    @Test("what is in memory is not asked once it is older than it may be: others' changes count at once")
    func age() async throws {
        try await with(maximumAge: .zero) { setting async throws in
            #expect(try setting.isAnswered() == false)
            #expect(try await setting.index.standing(hash: SecretHash.of(setting.credential)) != nil)
        }
    }

    @Test("a device that changes its addresses too often is told so, and neither DNS nor the store follow it")
    func churn() async throws {
        try await with { setting async throws in
            let devices = setting.responder.devices
            while devices.addressChangeLimit.take(setting.device.id) == nil {}
            let standing = try #require(setting.index.known(hash: SecretHash.of(setting.credential)))
            let answer = try await devices.checkIn(
                APIRequest(
                    id: "1", principal: .device(standing), parameter: "", query: [:], fields: [:],
                    body: Array(#"{"addresses":["10.0.0.6"]}"#.utf8), client: nil))
            let response = try JSONDecoder().decode(CheckInResponse.self, from: Data(answer.body))
            #expect(answer.status == 200 && response.addresses == ["10.0.0.5"])
            #expect(response.addressProblem?.type == .rateLimited)
            #expect(try await setting.services.store.device(setting.device.id)?.addressesWanted == ["10.0.0.5"])
            #expect(try setting.isAnswered() == true)
        }
    }
}
