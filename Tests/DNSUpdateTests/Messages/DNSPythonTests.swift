import Testing

@testable import DNSUpdate

@Suite("Messages and dnspython's agree")
struct DNSPythonTests {
    @Test("RFC 2136 §2.4–2.5: dnspython reads in our octets what it would have written itself")
    func updateForms() async throws {
        let a = try DomainName("a.example")
        let apex = try DomainName("example")
        let ns = try DomainName("ns.example")
        let v1 = RecordData.txt(TextData("v1"))
        let soa = StartOfAuthority(
            primaryName: ns, responsibleName: try DomainName("h.example"), serial: SerialNumber(rawValue: 4),
            refresh: 3,
            retry: 2, expire: 1, minimum: 0)
        let caa = try #require(CAAData(flags: 0, tag: "issue", value: Array("ca.example".utf8)))
        let texts: [RecordData] = [.txt(TextData("one")), .txt(TextData("two"))]
        let forms: [(String, [Prerequisite], [UpdateOperation])] = [
            ("nameInUse", [.nameInUse(a)], []), ("nameNotInUse", [.nameNotInUse(a)], []),
            ("rrsetExists", [.rrsetExists(a, .txt)], []), ("rrsetAbsent", [.rrsetAbsent(a, .aaaa)], []),
            ("rrsetEquals", [.rrsetEquals(a, texts)], []),
            ("add", [], [.add(a, ttl: 60, .a(IPv4Address(rawValue: 0x0A00_0005)))]),
            ("addTXT", [], [.add(try a.prepending(label: "_acme-challenge"), ttl: 60, v1)]),
            ("addSOA", [], [.add(apex, ttl: 60, .soa(soa))]), ("addCAA", [], [.add(apex, ttl: 60, .caa(caa))]),
            ("deleteRRset", [], [.deleteRRset(a, .aaaa)]), ("deleteName", [], [.deleteName(a)]),
            ("deleteRecord", [], [.deleteRecord(a, v1)]),
        ]
        let theirs = try await DNSPython.run(forms.map { "form \($0.0)" })
        let ours = try await DNSPython.run(
            forms.map { "text \(try UpdateMessage(zone: apex, prerequisites: $0.1, operations: $0.2).wire(id: 9).hex)" }
        )
        for ((name, _, _), pair) in zip(forms, zip(ours, theirs)) {
            #expect(pair.0 == pair.1, "\(name)")
            #expect(pair.0.contains("opcode UPDATE"), "\(name)")
        }
    }

    @Test("dnspython reads our queries")
    func query() async throws {
        let query = QueryMessage(name: try DomainName("aB.example"), type: .caa, id: 1)
        let text = try await DNSPython.run(["text \(query.wire().hex)"])
        let header = "id 0|opcode QUERY|rcode NOERROR|flags |edns 0|payload 1232|"
        #expect(text == [header + ";QUESTION|aB.example. IN CAA|;ANSWER|;AUTHORITY|;ADDITIONAL"])
    }

    @Test("We read what dnspython writes, names in the data compressed, unknown types included")
    func records() async throws {
        let wire = try #require([UInt8](hex: try await DNSPython.run(["records"])[0]))
        let response = try ResponseMessage.parse(wire)
        #expect(response.isAuthoritative && response.edns?.payloadSize == 1232)
        #expect(
            response.answers.map { "\($0.type) \($0.data)" } == [
                "A 10.0.0.5", "AAAA fd00::5", "NS ns.example.", "CNAME c.example.", "DNAME d.example.",
                "SOA ns.example. h.example. 4 3 2 1 0", #"TXT "one" "two""#, #"CAA 128 issue "ca.example""#,
                "MX \\# 14 000a" + (try DomainName("mx.example").wireBytes.hex), "TYPE65280 \\# 3 010203",
            ])
    }
}
