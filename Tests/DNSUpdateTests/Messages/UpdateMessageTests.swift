import Testing

@testable import DNSUpdate

@Suite("Updates (RFC 2136)")
struct UpdateMessageTests {
    private static func name(_ text: String) throws -> DomainName { try DomainName(text) }

    /// The record that stands in a section, in octets.
    private static func encode(
        _ prerequisites: [Prerequisite] = [], _ operations: [UpdateOperation] = []
    ) throws -> (header: String, records: String) {
        let message = UpdateMessage(zone: try name("example"), prerequisites: prerequisites, operations: operations)
        let wire = try message.wire(id: 0xABCD)
        #expect(wire.count == message.lengthBound)
        // Header, then the zone section: example., SOA, IN.
        #expect(wire[12..<25] == [7] + "example".utf8 + [0, 0, 6, 0, 1])
        return (Array(wire.prefix(12)).hex, Array(wire.dropFirst(25)).hex)
    }

    /// `a.example`, whole: nothing is compressed.
    private static let owner = "0161" + "076578616d706c65" + "00"

    @Test("§2.2–2.3: opcode UPDATE, all flags clear, the zone as one SOA question; nothing more is a valid update")
    func empty() throws {
        let encoded = try Self.encode()
        #expect(encoded.header == "abcd28000001000000000000")
        #expect(encoded.records.isEmpty)
    }

    private static let a = DomainName(validWire: [1, 97, 7] + Array("example".utf8) + [0])
    private static let v1 = RecordData.txt(TextData("v1"))

    @Test(
        "§2.4: each prerequisite is encoded as its row of the table says",
        arguments: [
            (Prerequisite.rrsetExists(a, .txt), "0010" + "00ff" + "00000000" + "0000"),
            (.rrsetAbsent(a, .txt), "0010" + "00fe" + "00000000" + "0000"),
            (.nameInUse(a), "00ff" + "00ff" + "00000000" + "0000"),
            (.nameNotInUse(a), "00ff" + "00fe" + "00000000" + "0000"),
            (.rrsetEquals(a, [v1]), "0010" + "0001" + "00000000" + "0003" + "027631"),
        ])
    func prerequisite(prerequisite: Prerequisite, expected: String) throws {
        let encoded = try Self.encode([prerequisite])
        #expect(encoded.header == "abcd28000001000100000000")
        #expect(encoded.records == Self.owner + expected)
    }

    @Test(
        "§2.5: each change is encoded as its row of the table says",
        arguments: [
            (
                UpdateOperation.add(a, ttl: 60, .a(IPv4Address(rawValue: 0x0A00_0005))),
                "0001" + "0001" + "0000003c" + "0004" + "0a000005"
            ),
            (.add(a, ttl: 0, v1), "0010" + "0001" + "00000000" + "0003" + "027631"),
            (.add(a, ttl: 2_147_483_647, .cname(a)), "0005" + "0001" + "7fffffff" + "000b" + "0161076578616d706c6500"),
            (.deleteRRset(a, .txt), "0010" + "00ff" + "00000000" + "0000"),
            (.deleteName(a), "00ff" + "00ff" + "00000000" + "0000"),
            (.deleteRecord(a, v1), "0010" + "00fe" + "00000000" + "0003" + "027631"),
        ])
    func operation(operation: UpdateOperation, expected: String) throws {
        let encoded = try Self.encode([], [operation])
        #expect(encoded.header == "abcd28000001000000010000")
        #expect(encoded.records == Self.owner + expected)
    }

    @Test("§2.4.2: an RRset is given with all its records; §3.4.2: the order of the changes is kept")
    func order() throws {
        let encoded = try Self.encode(
            [.rrsetEquals(Self.a, [Self.v1, .txt(TextData("v2"))])],
            [.deleteRRset(Self.a, .a), .add(Self.a, ttl: 1, .a(IPv4Address(rawValue: 1)))])
        #expect(encoded.header == "abcd28000001000200020000")
        let records = [
            "001000010000000000030276" + "31", "001000010000000000030276" + "32", "000100ff000000000000",
            "0001000100000001" + "0004" + "00000001",
        ]
        #expect(encoded.records == records.map { Self.owner + $0 }.joined())
    }

    @Test(
        "§3.4.1.2: what a server would answer with FORMERR is not sent",
        arguments: [
            .init(prerequisite: .rrsetExists(a, .any)), .init(prerequisite: .rrsetAbsent(a, .axfr)),
            .init(prerequisite: .rrsetEquals(a, [])), .init(prerequisite: .rrsetEquals(a, [.opaque(.any, [1])])),
            .init(operation: .deleteRRset(a, .any)), .init(operation: .deleteRRset(a, .opt)),
            .init(operation: .deleteRRset(a, RecordType(rawValue: 0))), .init(operation: .deleteRRset(a, .tsig)),
            .init(operation: .add(a, ttl: 2_147_483_648, v1)), .init(operation: .add(a, ttl: 0, .opaque(.a, []))),
            .init(
                operation: .add(a, ttl: 0, .opaque(RecordType(rawValue: 65280), [UInt8](repeating: 0, count: 65_536)))),
            .init(operation: .deleteRecord(a, .opaque(.txt, []))),
        ] as [Invalid])
    func invalid(_ invalid: Invalid) throws {
        let message = UpdateMessage(
            zone: try Self.name("example"), prerequisites: [invalid.prerequisite].compactMap(\.self),
            operations: [invalid.operation].compactMap(\.self))
        let error = #expect(throws: MessageError.self) { try message.wire(id: 1) }
        #expect(error?.code == .invalidUpdate && error?.message.contains("a.example") == true)
    }

    struct Invalid: Sendable {
        var prerequisite: Prerequisite?
        var operation: UpdateOperation?
    }

    @Test("60,000 octets are sent, one more is refused; far more is refused before libldns sees it")
    func tooLarge() throws {
        let zone = try Self.name("example")
        let big = RecordType(rawValue: 65280)
        // 25 octets of header and zone, 21 of the record's owner and fields.
        let message = { (octets: Int) in
            UpdateMessage(
                zone: zone, operations: [.add(Self.a, ttl: 0, .opaque(big, [UInt8](repeating: 0, count: octets)))])
        }
        #expect(try message(60_000 - 25 - 21).wire(id: 1).count == 60_000)
        for octets in [60_000 - 25 - 20, 65_535] {
            let error = #expect(throws: MessageError.self) { try message(octets).wire(id: 1) }
            #expect(error?.code == .tooLarge)
        }
        let many = UpdateMessage(
            zone: zone, operations: [UpdateOperation](repeating: .deleteRRset(Self.a, .a), count: 70_000))
        #expect(#expect(throws: MessageError.self) { try many.wire(id: 1) }?.code == .tooLarge)
    }

    @Test("A long message is read as it was written")
    func long() throws {
        let zone = try Self.name("devices.example.com")
        let operations = try (0..<1_000).map { index in
            UpdateOperation.add(
                try zone.prepending(label: "dev\(index)"), ttl: 60, .a(IPv4Address(rawValue: UInt32(index))))
        }
        let wire = try UpdateMessage(zone: zone, operations: operations).wire(id: 1)
        #expect(wire.count > 16_384)
        var answer = wire
        answer[2] |= 0x80
        let parsed = try ResponseMessage.parse(answer, limit: 65_535)
        #expect(parsed.authority.map(\.name.description) == (0..<1_000).map { "dev\($0).devices.example.com" })
    }
}
