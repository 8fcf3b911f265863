import TestSupport
import Testing

@testable import DNSUpdate

@Suite("TSIG and dnspython's agree")
struct TSIGPeerTests {
    private static func sign(_ key: TSIGKey) throws -> TSIGSigner.Signed {
        let a = try DomainName("a.example")
        let update = UpdateMessage(
            zone: try DomainName("example"), prerequisites: [.nameNotInUse(a)],
            operations: [.add(a, ttl: 60, .a(IPv4Address(rawValue: 1)))])
        return try TSIGSigner.sign(update.wire(id: 0x0102), key: key, now: WallClock.system.now)
    }

    @Test("dnspython accepts what we sign, and refuses it with one bit changed", arguments: TestKeys.algorithms)
    func ourSignature(algorithm: TSIGAlgorithm) async throws {
        let key = TestKeys.make("Key.Example", algorithm)
        let signed = try Self.sign(key)
        var altered = signed.wire
        altered[3] ^= 1
        let verdicts = try await DNSPython.run(
            [signed.wire, altered].map { "verify \($0.hex) \(DNSPython.arguments(key))" })
        #expect(verdicts == ["True \(signed.context.requestMAC.hex) \(0x0102) 300", "!BadSignature"])
    }

    @Test(
        "We accept what dnspython signs, its ID changed on the way too, and nothing altered",
        arguments: TestKeys.algorithms)
    func theirSignature(algorithm: TSIGAlgorithm) async throws {
        let key = TestKeys.make("Key.Example", algorithm)
        let signed = try Self.sign(key)
        let answers = try await DNSPython.run(
            ["-", "ffff"].map { "answer \(signed.wire.hex) \($0) 300 0 - \(DNSPython.arguments(key))" })
        for text in answers {
            let answer = try #require([UInt8](hex: text), "\(text)")
            let now = WallClock.system.now
            guard case .verified(let time) = TSIGVerifier.verify(answer, to: signed.context, now: now) else {
                Issue.record("\(TSIGVerifier.verify(answer, to: signed.context, now: now))")
                continue
            }
            #expect(now - time < 60)
            #expect(try ResponseMessage.parse(answer).tsig?.mac.count == algorithm.macLength)
            var altered = answer
            altered[3] ^= 1
            #expect(TSIGVerifier.verify(altered, to: signed.context, now: now) == .wrongMAC)
            guard case .outsideFudge = TSIGVerifier.verify(answer, to: signed.context, now: now + 400) else {
                Issue.record("accepted outside the fudge")
                continue
            }
        }
    }

    @Test("A BADTIME that dnspython signs tells the server's clock")
    func theirBadTime() async throws {
        let key = TestKeys.make("key.example", .hmacSHA256)
        let signed = try Self.sign(key)
        let text = try await DNSPython.run(
            ["answer \(signed.wire.hex) - 300 18 000000000e10 \(DNSPython.arguments(key))"])[0]
        let answer = try #require([UInt8](hex: text), "\(text)")
        let clocks = ClockComparison(server: 3600, ours: 7200, fudge: 300)
        #expect(
            TSIGVerifier.verify(answer, to: signed.context, now: 7200)
                == .refused(TSIGRefusal(error: .badTime, isSigned: true, clocks: clocks)))
        #expect(clocks.skew == 3600)
    }
}
