import DeviceHost
import FleetAPI
import Foundation
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import DeviceAgent

/// A DNS resolver on 127.0.0.1 that answers as a test wants.
enum FakeResolver {
    enum Behaviour: Sendable {
        case records([String])
        case code(UInt8)
        case silence
    }

    static func with<Result>(_ behaviour: Behaviour, _ body: (StubResolver) async throws -> Result) async throws
        -> Result
    {
        let channel = try await DatagramBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(behaviour))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            let port = UInt16(channel.localAddress?.port ?? 0)
            let result = try await body(StubResolver(host: "127.0.0.1", port: port))
            try await channel.close()
            return result
        } catch {
            try? await channel.close()
            throw error
        }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = AddressedEnvelope<ByteBuffer>
        typealias OutboundOut = AddressedEnvelope<ByteBuffer>
        let behaviour: Behaviour

        init(_ behaviour: Behaviour) { self.behaviour = behaviour }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let envelope = unwrapInboundIn(data)
            let query = Array(envelope.data.readableBytesView)
            guard query.count > 16, let answer = answer(query) else { return }
            // A datagram that answers another question comes first; it must not be believed.
            var forged = answer
            forged[0] ^= 0xFF
            for bytes in [forged, answer] {
                let reply = AddressedEnvelope(remoteAddress: envelope.remoteAddress, data: ByteBuffer(bytes: bytes))
                context.writeAndFlush(wrapOutboundOut(reply), promise: nil)
            }
        }

        private func answer(_ query: [UInt8]) -> [UInt8]? {
            let type = query[query.count - 3]
            var answer = query
            answer[2] = 0x81
            switch behaviour {
            case .silence: return nil
            case .code(let code):
                answer[3] = 0x80 | code
                return answer
            case .records(let texts):
                let matching = texts.compactMap { LocalAddress($0) }.filter { $0.isV4 == (type == 1) }
                answer[3] = 0x80
                answer[7] = UInt8(matching.count)
                for address in matching {
                    answer += [0xC0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, UInt8(address.bytes.count)] + address.bytes
                }
                return answer
            }
        }
    }
}

@Suite("The doctor")
struct DoctorTests {
    func examine(
        _ harness: AgentHarness, _ behaviour: FakeResolver.Behaviour, hosts: String = "127.0.0.1 localhost\n"
    ) async throws -> [Finding] {
        try await FakeResolver.with(behaviour) { resolver in
            await Doctor(agent: try harness.agent(), resolvers: [resolver], hosts: hosts).examine()
        }
    }

    @Test("When everything is as it should be, every step says so")
    func healthy() async throws {
        try await AgentHarness.with { harness in
            try await harness.enroll().checkIn()
            let now = harness.time.value
            harness.server.next(
                .health, .answer(FleetResponse(status: 200, headers: [(name: "Date", value: Self.httpDate(now))])))
            let findings = try await examine(harness, .records(["10.0.0.5"]))
            #expect(findings.allSatisfy { $0.outcome == .ok }, "\(findings)")
            #expect(
                findings.map(\.step)
                    == ["state directory", "addresses", "server", "clock", "check-in", "resolver", "certificate"])
        }
    }

    @Test(
        "A resolver that leaves the private address out or denies it is a rebinding filter; remedies name the zone",
        arguments: [FakeResolver.Behaviour.records([]), .code(3), .code(2), .code(5), .records(["0.0.0.0"])])
    func rebinding(behaviour: FakeResolver.Behaviour) async throws {
        try await AgentHarness.with { harness in
            try await harness.enroll()
            let finding = try #require(try await examine(harness, behaviour).first { $0.step == "resolver" })
            #expect(finding.outcome == .failed)
            #expect(finding.error?.code == .resolver)
            #expect(finding.detail.contains("10.0.0.5"))
            let text = finding.hints.joined(separator: "\n")
            for remedy in [
                "rebind-domain-ok=/devices.example.com/", "private-domain: \"devices.example.com\"", "FRITZ!Box",
                "pfSense",
                "rebind_domain='devices.example.com'", "Pi-hole",
            ] {
                #expect(text.contains(remedy))
            }
        }
    }

    @Test("One address kept back of two is found; another address altogether is no filter but an old record")
    func otherAnswers() async throws {
        try await AgentHarness.with { harness in
            harness.interfaces.change { $0.append(InterfaceAddress(interface: "eth0", address: address("fd00::5"))) }
            try await harness.enroll()
            let half = try #require(try await examine(harness, .records(["10.0.0.5"])).first { $0.step == "resolver" })
            #expect(half.detail.contains("rebinding"))
            let old = try #require(
                try await examine(harness, .records(["10.0.0.4", "fd00::5"])).first { $0.step == "resolver" })
            #expect(old.outcome == .failed)
            #expect(old.hints.first?.contains("TTL") == true)
            let both = try #require(
                try await examine(harness, .records(["10.0.0.5", "fd00::5"])).first { $0.step == "resolver" })
            #expect(both.outcome == .ok)
        }
    }

    @Test("A resolver that nobody runs, and a line in /etc/hosts, are told as what they are")
    func noResolver() async throws {
        try await AgentHarness.with { harness in
            try await harness.enroll()
            let nobody = StubResolver(host: "127.0.0.1", port: UInt16(try LoopbackPort.reserve()))
            let findings = await Doctor(
                agent: try harness.agent(), resolvers: [nobody], hosts: "127.0.1.1\tDEV1.devices.example.com dev1 # x\n"
            ).examine().filter { $0.step == "resolver" }
            #expect(findings.first?.detail.contains("/etc/hosts") == true)
            #expect(findings.last?.detail.contains("does not answer") == true)
        }
    }

    @Test(
        "A wrong clock is measured against the server's",
        arguments: [(0, "ok"), (-120, "warning"), (90_000, "failed")] as [(Int64, String)])
    func clock(ahead: Int64, outcome: String) async throws {
        try await AgentHarness.with { harness in
            try await harness.enroll()
            let now = Timestamp(secondsSinceEpoch: harness.time.value.secondsSinceEpoch - ahead)
            harness.server.next(
                .health, .answer(FleetResponse(status: 200, headers: [(name: "date", value: Self.httpDate(now))])))
            let finding = try #require(try await examine(harness, .records(["10.0.0.5"])).first { $0.step == "clock" })
            #expect(finding.outcome.rawValue == outcome)
            #expect(outcome == "ok" || finding.detail.contains("\(abs(ahead)) s"))
        }
    }

    @Test(
        "A server that is down, an unknown credential, a missing pair, open permissions: each step has its own finding")
    func failures() async throws {
        try await AgentHarness.with { harness in
            let agent = try await harness.enroll()
            harness.server.next(.health, .failure(FleetAPIError(.unreachable, "no connection", hint: "check it")))
            chmod(agent.directory.credentialFile, 0o644)
            let down = try await examine(harness, .silence)
            #expect(down.map(\.step) == ["state directory", "addresses", "server", "certificate"])
            #expect(down[0].outcome == .warning && down[0].detail.contains("0644"))
            #expect(down[2].hints == ["check it"])
            #expect(down[3].error?.code == .badCertificate)
            harness.server.change { $0.credential = nil }
            let unknown = try await examine(harness, .silence)
            #expect(unknown.first { $0.step == "check-in" }?.error?.cause?.code == .unauthorized)
        }
    }

    @Test("An expired certificate is called that, by the server's clock")
    func expired() async throws {
        try await AgentHarness.with { harness in
            let agent = try await harness.enroll()
            try await agent.checkIn()
            let later = Timestamp(secondsSinceEpoch: harness.time.value.secondsSinceEpoch + 91 * 86_400)
            harness.server.next(
                .health, .answer(FleetResponse(status: 200, headers: [(name: "Date", value: Self.httpDate(later))])))
            let findings = try await examine(harness, .records(["10.0.0.5"]))
            #expect(findings.last?.outcome == .failed && findings.last?.detail.contains("expired") == true)
        }
    }

    @Test("Not enrolled: status says so, and the doctor says what to do")
    func notEnrolled() async throws {
        try await AgentHarness.with { harness in
            let report = try harness.agent().status()
            #expect(!report.isEnrolled && report.certificate == nil)
            #expect(report.text.contains("not enrolled"))
            let findings = try await examine(harness, .silence)
            #expect(findings.first?.error?.code == .notEnrolled)
        }
    }

    static func httpDate(_ time: Timestamp) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "UTC")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return formatter.string(from: Date(timeIntervalSince1970: Double(time.secondsSinceEpoch)))
    }
}
