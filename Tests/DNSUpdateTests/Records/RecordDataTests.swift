import Testing

@testable import DNSUpdate

@Suite("Record data")
struct RecordDataTests {
    static func samples() throws -> [(RecordData, String)] {
        let name = try DomainName("ns1.Example.")
        let soa = StartOfAuthority(
            primaryName: name, responsibleName: try DomainName(#"host\.master.example"#),
            serial: SerialNumber(rawValue: 4_294_967_295), refresh: 1, retry: 2, expire: 3, minimum: 4)
        return [
            (.a(try #require(IPv4Address("10.0.0.5"))), "10.0.0.5"),
            (.aaaa(try #require(IPv6Address("fd00::5"))), "fd00::5"),
            (.ns(name), "ns1.Example."), (.cname(name), "ns1.Example."), (.dname(.root), "."),
            (.soa(soa), #"ns1.Example. host\.master.example. 4294967295 1 2 3 4"#),
            (.txt(TextData("a \"quoted\" \\ \u{1}")), #""a \"quoted\" \\ \001""#),
            (
                .caa(try #require(CAAData(flags: 128, tag: "issue", value: Array("ca.example".utf8)))),
                #"128 issue "ca.example""#
            ),
            (.opaque(RecordType(rawValue: 65280), [1, 0xAB]), "\\# 2 01ab"),
            (.opaque(.a, []), "\\# 0"),
        ]
    }

    @Test("Every kind of data survives its wire form and has a zone file's text")
    func roundTrip() throws {
        for (data, text) in try Self.samples() {
            #expect(RecordData(type: data.type, rdata: data.wireBytes) == data)
            #expect(data.description == text)
        }
    }

    @Test(
        "Data that does not fit its type is kept as it is",
        arguments: [
            (RecordType.a, [1, 2, 3]), (.aaaa, [1, 2, 3, 4]), (.ns, [1, 97]), (.ns, [0, 0]), (.txt, []),
            (.txt, [5, 97]),
            (.soa, [0, 0, 1, 2, 3]), (.caa, [0]), (.caa, [0, 0, 97]), (.caa, [0, 1, 0x2D, 97]), (.cname, [0xC0, 0x0C]),
        ] as [(RecordType, [UInt8])])
    func malformed(type: RecordType, rdata: [UInt8]) {
        #expect(RecordData(type: type, rdata: rdata) == .opaque(type, rdata))
    }

    @Test(
        "RFC 1035 §3.3.14: text is cut into strings of 255 octets and joined again",
        arguments: [0, 1, 43, 255, 256, 700])
    func text(length: Int) {
        let text = String(repeating: "x", count: length)
        let data = TextData(text)
        #expect(data.strings.count == max(1, (length + 254) / 255))
        #expect(data.strings.allSatisfy { $0.count <= 255 })
        #expect(data.joined == Array(text.utf8))
        #expect(RecordData.txt(data).wireBytes.count == length + data.strings.count)
    }

    @Test("A TXT record has at least one string and none over 255 octets")
    func textLimits() {
        #expect(TextData(strings: []) == nil)
        #expect(TextData(strings: [[UInt8](repeating: 0, count: 256)]) == nil)
        #expect(TextData(strings: [[UInt8]](repeating: [UInt8](repeating: 0, count: 255), count: 256)) == nil)
        #expect(TextData(strings: [[]]) == TextData(""))
    }

    @Test("RFC 8659 §4.1: CAA tags are letters and digits and match without case")
    func caa() throws {
        #expect(CAAData(flags: 0, tag: "", value: []) == nil)
        #expect(CAAData(flags: 0, tag: "is sue", value: []) == nil)
        #expect(CAAData(flags: 0, tag: String(repeating: "a", count: 256), value: []) == nil)
        let caa = try #require(CAAData(flags: 0, tag: "IssueWild", value: [1]))
        #expect(caa.hasTag("issuewild") && !caa.hasTag("issue") && !caa.isCritical)
        #expect(Set([caa, try #require(CAAData(flags: 0, tag: "ISSUEWILD", value: [1]))]).count == 1)
    }

    @Test(
        "RFC 1982 §3.2: serials compare around the wrap",
        arguments: [
            (1, 0, true), (0, 1, false), (0, 0, false), (0, 4_294_967_295, true), (4_294_967_295, 0, false),
            (2_147_483_647, 0, true), (2_147_483_648, 0, false), (0, 2_147_483_648, false), (5, 4_294_967_290, true),
        ] as [(UInt32, UInt32, Bool)])
    func serials(left: UInt32, right: UInt32, isNewer: Bool) {
        let (left, right) = (SerialNumber(rawValue: left), SerialNumber(rawValue: right))
        #expect(left.isNewer(than: right) == isNewer)
        #expect(left.isAtLeast(right) == (isNewer || left == right))
    }

    @Test("RFC 3597 §5: unknown types and classes have a name all the same")
    func unknownNames() {
        #expect(RecordType(rawValue: 65280).description == "TYPE65280")
        #expect(RecordClass(rawValue: 3).description == "CLASS3")
        #expect(RecordType.caa.description == "CAA" && RecordClass.none.description == "NONE")
    }
}
