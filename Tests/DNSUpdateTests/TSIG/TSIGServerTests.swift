import TestSupport
import Testing

@testable import DNSUpdate

@Suite("TSIG and BIND's agree")
struct TSIGServerTests {
    private static let zone = "devices.example.com"

    /// As named.conf writes them; with bits, the MAC is cut on both sides.
    private static let algorithms = [
        "hmac-md5", "hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512", "hmac-md5-80",
        "hmac-sha1-80",
        "hmac-sha224-112", "hmac-sha256-128", "hmac-sha256-200", "hmac-sha384-192", "hmac-sha512-256",
    ]

    private struct Exchange {
        let request: TSIGContext
        let answer: [UInt8]

        func verdict(at now: UInt64 = WallClock.system.now) -> TSIGVerification {
            TSIGVerifier.verify(answer, to: request, now: now)
        }
    }

    /// Sends one update a key, each for a name of its own, and gathers the answers.
    private static func exchange(
        _ server: NamedServer, _ keys: [TSIGKey], clock: WallClock = .system
    ) async throws -> [Exchange] {
        let zone = try DomainName(zone)
        let signed = try keys.enumerated().map { index, key in
            let name = try zone.prepending(label: "dev\(index)")
            let update = UpdateMessage(
                zone: zone, operations: [.add(name, ttl: 60, .txt(TextData(key.name.description)))])
            return try TSIGSigner.sign(update.wire(id: UInt16(index)), key: key, now: clock.now)
        }
        let answers = try await DNSPython.run(signed.map { "exchange \(server.port) \($0.wire.hex)" })
        return try zip(signed, answers).map { signed, answer in
            Exchange(request: signed.context, answer: try #require([UInt8](hex: answer), "\(answer)"))
        }
    }

    private static func key(_ key: TestTSIGKey) throws -> TSIGKey {
        try TSIGKeyFile(Array(key.statement.utf8), path: "test").key()
    }

    private static func server<Result>(
        _ keys: [TestTSIGKey], _ body: (NamedServer) async throws -> Result
    ) async throws -> Result {
        let policy = keys.map { "grant \"\($0.name)\" zonesub TXT;" }.joined(separator: " ")
        return try await NamedServer.with(NamedConfiguration([.primary(zone, policy: policy)], keys: keys), body)
    }

    @Test("BIND applies what we sign and we accept what it signs, under every algorithm, the MAC cut or not")
    func everyAlgorithm() async throws {
        let keys = Self.algorithms.map { TestTSIGKey("key-\($0)", algorithm: $0) }
        try await Self.server(keys) { server in
            let exchanges = try await Self.exchange(server, keys.map(Self.key))
            for (index, (exchange, key)) in zip(exchanges, keys).enumerated() {
                guard case .verified = exchange.verdict() else {
                    Issue.record("\(key.algorithm): \(exchange.verdict())")
                    continue
                }
                let response = try ResponseMessage.parse(exchange.answer)
                #expect(response.code == .noError && response.opcode == .update)
                // BIND keeps the algorithm's plain name and answers with a MAC as short as it was asked for.
                let tsig = try #require(response.tsig)
                #expect(tsig.mac.count == exchange.request.key.macLength, "\(key.algorithm)")
                #expect(tsig.algorithmName == exchange.request.key.algorithm.name)
                #expect(try await server.values("dev\(index).\(Self.zone)", "TXT") == ["\"\(key.name)\""])
            }
        }
    }

    @Test("BIND's refusals are told apart: BADKEY and BADSIG unsigned, BADTIME and BADTRUNC signed")
    func refusals() async throws {
        let known = TestTSIGKey("known")
        try await Self.server([known]) { server in
            let ours = try Self.key(known)
            let wrong = [
                try Self.key(TestTSIGKey("unknown", secret: known.secret)), try Self.key(TestTSIGKey("known")),
                try TSIGKey(name: ours.name, algorithm: .hmacSHA512, secret: ours.secret.bytes),
                try TSIGKey(name: ours.name, algorithm: .hmacSHA256, secret: ours.secret.bytes, macLength: 16),
            ]
            let verdicts = try await Self.exchange(server, wrong).map { $0.verdict() }
            let unsigned = { (error: ResponseCode) in
                TSIGVerification.refused(TSIGRefusal(error: error, isSigned: false, clocks: nil))
            }
            let truncated = TSIGVerification.refused(TSIGRefusal(error: .badTrunc, isSigned: true, clocks: nil))
            #expect(verdicts == [unsigned(.badKey), unsigned(.badSig), unsigned(.badKey), truncated])

            for offset in [-3600, 3600] as [Int64] {
                let clock = WallClock.system.offset(by: offset)
                let exchange = try await Self.exchange(server, [ours], clock: clock)[0]
                guard case .refused(let refusal) = exchange.verdict(at: exchange.request.timeSigned) else {
                    Issue.record("\(offset): \(exchange.verdict())")
                    continue
                }
                #expect(refusal.error == .badTime && refusal.isSigned)
                let skew = try #require(refusal.clocks?.skew)
                #expect(abs(skew - offset) < 60)
            }
            #expect(try await server.values("dev0.\(Self.zone)", "TXT").isEmpty)
        }
    }

    @Test("BIND answers a signed query, EDNS and all")
    func signedQuery() async throws {
        let known = TestTSIGKey("known")
        try await Self.server([known]) { server in
            let query = QueryMessage(name: try DomainName(Self.zone), type: .soa, id: 77)
            let signed = try TSIGSigner.sign(query.wire(), key: Self.key(known), now: WallClock.system.now)
            let text = try await DNSPython.run(["exchange \(server.port) \(signed.wire.hex)"])[0]
            let answer = try #require([UInt8](hex: text), "\(text)")
            guard case .verified = TSIGVerifier.verify(answer, to: signed.context, now: WallClock.system.now) else {
                Issue.record("\(TSIGVerifier.verify(answer, to: signed.context, now: WallClock.system.now))")
                return
            }
            let response = try ResponseMessage.parse(answer)
            #expect(query.isAnswered(by: response) && response.edns != nil && response.isAuthoritative)
            guard case .soa(let soa) = response.answers.first?.data else {
                Issue.record("no SOA")
                return
            }
            #expect(soa.serial.rawValue == 1)
        }
    }
}
