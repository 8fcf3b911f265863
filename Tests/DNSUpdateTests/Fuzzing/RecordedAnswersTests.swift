import TestSupport
import Testing

@testable import DNSUpdate

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The corpus of the fuzzer is what BIND really answers; each pair of it is taken apart here first.
@Suite("Recorded answers of BIND")
struct RecordedAnswersTests {
    /// The fuzzer's key: of no use anywhere else.
    private static let key = TestTSIGKey("fuzz-key", secret: Data((0..<32).map { UInt8($0) }).base64EncodedString())

    private static let records = """
        dev1 IN A 10.0.0.1
        dev1 IN AAAA fd00::1
        alias IN CNAME dev1
        tree IN DNAME sub
        _acme-challenge.dev1 IN TXT "first" "second"
        caa IN CAA 0 issue "ca.example.net"
        mail IN MX 10 dev1
        service IN SRV 1 2 3 dev1
        child IN NS ns.child
        ns.child IN A 10.0.0.2
        """

    /// Runs everything that a client of ours does, past a proxy that keeps what was said.
    private func conversations() async throws -> [[[UInt8]]] {
        try await Devices.with(
            key: Self.key, policy: "grant \"fuzz-key\" zonesub A AAAA TXT;", records: Self.records,
            configure: { $0.options["transfer-message-size"] = "512" }
        ) { devices in
            try await FaultProxy.with(serverPort: devices.named.port) { proxy in
                let lookup = PipelinedLookup(server: proxy.endpoint, key: devices.key, atOnce: 1)
                for label in [
                    "dev1", "alias", "x.tree", "_acme-challenge.dev1", "caa", "mail", "service", "nothing", "a.child",
                ] {
                    for type in [RecordType.a, .txt, .any, .soa] {
                        _ = try await lookup.query(devices.name(label), type)
                    }
                }
                await lookup.close()
                let client = devices.client(at: proxy.endpoint)
                try await client.send(devices.address("dev2"))
                _ = try await client.failure(
                    of: devices.update(.add(devices.name("dev2"), ttl: 60, .cname(devices.zone))))
                _ = try await client.failure(
                    of: devices.update(prerequisites: [.nameNotInUse(devices.name("dev1"))]))
                await client.close()
                let late = devices.client(at: proxy.endpoint, clock: WallClock.system.offset(by: 3_600))
                _ = try await late.failure(of: devices.address("dev3"))
                await late.close()
                let impostor = TestTSIGKey("fuzz-key")
                let wrong = devices.client(at: proxy.endpoint, key: try impostor.loaded())
                _ = try await wrong.failure(of: devices.address("dev3"))
                await wrong.close()
                _ = try await ZoneTransfer(.init(zone: devices.zone, server: proxy.endpoint, key: devices.key))
                    .reduce(into: 0) { count, _ in count += 1 }
                return Self.paired(proxy.messages)
            }
        }
    }

    /// Each request with its answers, in order; one request at a time was under way on each connection.
    private static func paired(_ messages: [FaultProxy.Passing]) -> [[[UInt8]]] {
        var open: [Int: Int] = [:]
        var conversations: [[[UInt8]]] = []
        for passing in messages where passing.transport == .tcp {
            switch passing.direction {
            case .toServer:
                open[passing.connection] = conversations.count
                conversations.append([passing.message])
            case .toClient:
                if let index = open[passing.connection] { conversations[index].append(passing.message) }
            }
        }
        return conversations.filter { $0.count > 1 }
    }

    @Test(
        "RFC 8945 §5.3: every answer of BIND's verifies against its request, or says signed or unsigned what is wrong")
    func genuine() async throws {
        let key = try Self.key.loaded()
        let conversations = try await conversations()
        #expect(conversations.count > 35)
        var verified = 0
        for conversation in conversations {
            let request = conversation[0]
            let layout = try MessageLayout(of: request, limit: 65_535)
            let tsig = try TSIGRecord(#require(layout.tsig), in: request)
            let context = TSIGContext(
                key: key, requestID: layout.header.id, requestMAC: tsig.mac, timeSigned: tsig.timeSigned,
                fudge: tsig.fudge)
            var stream = TSIGStreamVerifier(context)
            for answer in conversation.dropFirst() {
                _ = try ResponseMessage.parse(answer, limit: 65_535)
                switch stream.verify(answer, now: tsig.timeSigned) {
                case .verified: verified += 1
                case .pending: break
                case .rejected(.refused(let refusal)): #expect([.badTime, .badSig].contains(refusal.error))
                case .rejected(let verification): Issue.record("\(verification)")
                }
            }
        }
        #expect(verified > 35)
        try write(conversations)
    }

    /// Writes the corpus anew where `DDNS_ACME_FUZZ_CORPUS` names a folder.
    private func write(_ conversations: [[[UInt8]]]) throws {
        guard let folder = ProcessInfo.processInfo.environment["DDNS_ACME_FUZZ_CORPUS"] else { return }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (index, conversation) in conversations.enumerated() {
            let bytes = conversation.flatMap { UInt16($0.count).bigEndianBytes + $0 }
            try Data(bytes).write(to: URL(filePath: "\(folder)/\(index)"))
        }
    }
}
