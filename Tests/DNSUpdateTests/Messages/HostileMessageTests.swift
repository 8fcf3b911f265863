import Testing

@testable import DNSUpdate

@Suite("Hostile bytes neither abort nor get believed")
struct HostileMessageTests {
    private static let context = TSIGContext(
        key: TestKeys.sha256, requestID: 0x1234, requestMAC: [UInt8](repeating: 7, count: 32), timeSigned: 1, fudge: 300
    )

    /// One message with every kind of data that libldns has a reader of its own for.
    static let seeds: [[UInt8]] = {
        let pointer: [UInt8] = [0xC0, 12]
        let types: [(UInt16, [UInt8])] = [
            (1, [10, 0, 0, 1]), (28, [UInt8](repeating: 1, count: 16)), (2, pointer), (5, [1, 98] + pointer),
            (6, pointer + pointer + [UInt8](repeating: 1, count: 20)), (15, [0, 1] + pointer),
            (16, [1, 97, 2, 98, 99]),
            (33, [0, 0, 0, 0, 0, 0] + pointer), (35, [0, 0, 0, 0, 1, 97, 0, 0] + pointer),
            (257, [0, 5] + "issue;".utf8),
            (55, [1, 2, 0, 1, 9, 8]), (29, [UInt8](repeating: 0, count: 16)), (42, [0, 1, 8, 1, 10]),
            (43, [0, 1, 8, 2, 1, 2, 3]), (46, [0, 1, 8, 1] + [UInt8](repeating: 0, count: 14) + pointer + [1]),
            (47, pointer + [0, 1, 64]), (50, [1, 0, 0, 1, 1, 9, 1, 9, 0, 1, 64]), (45, [10, 1, 2, 1, 2, 3, 4, 9]),
            (64, [0, 1] + pointer + [0, 1, 0, 3, 2, 104, 50]), (13, [1, 97, 1, 98]), (17, pointer + pointer),
            (99, [1, 97]), (11, [1, 2, 3, 4, 6, 1]), (260, [1, 1, 1, 2, 3, 4]), (65280, [1, 2, 3]),
        ]
        var everything = TestMessage(counts: [1, UInt16(types.count), 1, 2]).question(TestMessage.name("example"), .any)
        for (type, rdata) in types { everything = everything.record(pointer, RecordType(rawValue: type), rdata) }
        everything = everything.record(pointer, .soa, pointer + pointer + [UInt8](repeating: 0, count: 20))
            .record([0], .opt, [0, 11, 0, 2, 1, 44], recordClass: RecordClass(rawValue: 1232), ttl: 0)
            .tsig(TestKeys.sha256.name.wireBytes, mac: [UInt8](repeating: 9, count: 32))
        let signed = TestMessage(flags: 0xA809, counts: [0, 0, 0, 1])
            .tsig(TestKeys.sha256.name.wireBytes, mac: [UInt8](repeating: 9, count: 16), error: .badTime)
        return [everything.bytes, signed.bytes]
    }()

    @Test("The seeds themselves are well-formed")
    func seeds() throws {
        for seed in Self.seeds { #expect(try ResponseMessage.parse(seed).tsig != nil) }
        #expect(try ResponseMessage.parse(Self.seeds[0]).answers.count == 25)
    }

    @Test("40,000 mutated messages: each is refused or read, none verifies", arguments: 0..<8)
    func mutated(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var read = 0
        for _ in 0..<5_000 {
            let message = Self.mutate(Self.seeds[Int.random(in: 0..<2, using: &generator)], &generator)
            let parsed = try? ResponseMessage.parse(message)
            if parsed != nil { read += 1 }
            let verdict = TSIGVerifier.verify(message, to: Self.context, now: 1)
            if case .verified = verdict { Issue.record("seed \(seed) verified: \(message.hex)") }
            // What verification calls malformed, the parser refuses as well.
            if case .malformed(let error) = verdict, error.code == .malformed { #expect(parsed == nil) }
        }
        // The mutations must reach past the first check, or they test nothing.
        #expect(read > 100)
    }

    @Test("10,000 random messages: each is refused or read")
    func random() {
        var generator = SeededGenerator(seed: 42)
        for _ in 0..<10_000 {
            let count = Int.random(in: 0..<200, using: &generator)
            var message = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            if count >= 12 {
                message.replaceSubrange(2..<12, with: [0x84, 0, 0, 1, 0, 1, 0, 0, 0, 1])
            }
            let verdict = TSIGVerifier.verify(message, to: Self.context, now: 1)
            if case .verified = verdict { Issue.record("verified: \(message.hex)") }
            _ = try? ResponseMessage.parse(message)
        }
    }

    @Test("A chain of pointers is followed a bounded number of steps")
    func pointerChain() throws {
        // 1,000 pointers, each to the one before, as data of an unknown type; then records named by the last of them.
        var chain: [UInt8] = [1, 97, 0, 0xC0, 25]
        for index in 0..<1_000 { chain += (0xC000 | UInt16(28 + 2 * index)).bigEndianBytes }
        let message = { (hops: Int) in
            TestMessage(counts: [0, 2, 0, 0]).record(TestMessage.name("a"), RecordType(rawValue: 65280), chain)
                .record((0xC000 | UInt16(28 + 2 * hops)).bigEndianBytes, .a, [1, 2, 3, 4])
        }
        #expect(try ResponseMessage.parse(message(10).bytes).answers[1].name == DomainName("a"))
        #expect(throws: MessageError.self) { try ResponseMessage.parse(message(900).bytes) }
    }

    private static func mutate(_ seed: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        var message = seed
        for _ in 0..<Int.random(in: 1...4, using: &generator) where !message.isEmpty {
            let index = Int.random(in: 0..<message.count, using: &generator)
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: message[index] = UInt8.random(in: .min ... .max, using: &generator)
            case 1: message[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 2: message[index] = [0, 1, 63, 64, 0xC0, 0xFF].randomElement(using: &generator) ?? 0
            case 3: message.removeLast(Int.random(in: 1...min(8, message.count), using: &generator))
            case 4: message.insert(UInt8.random(in: .min ... .max, using: &generator), at: index)
            default: message.remove(at: index)
            }
        }
        return message
    }
}
