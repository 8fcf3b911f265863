import Testing

@testable import DNSUpdate

@Suite("Answers are read, whatever they hold (RFC 1035 §4.1)")
struct ResponseMessageTests {
    private static let name = TestMessage.name("a")
    /// Points to the name of the first question.
    private static let pointer: [UInt8] = [0xC0, 12]

    @Test("Header, sections and EDNS become values; names in the data are uncompressed")
    func whole() throws {
        let soa = Self.pointer + [1, 0x68, 0xC0, 12] + [UInt8](repeating: 0, count: 19) + [7]
        let message = TestMessage(flags: 0xAE15, counts: [1, 2, 1, 2])
            .question(Self.name, .any)
            .record(Self.pointer, .a, [10, 0, 0, 5])
            .record(Self.pointer, .mx, [0, 10, 1, 0x6D, 0xC0, 12])
            .record(Self.pointer, .soa, soa)
            .record(Self.name, RecordType(rawValue: 65280), [1, 2, 3], recordClass: RecordClass(rawValue: 3))
            .record([0], .opt, [0, 11, 0, 2, 1, 0x2C], recordClass: RecordClass(rawValue: 1232), ttl: 0x0100_8000)
        let response = try ResponseMessage.parse(message.bytes)
        let a = try DomainName("a")
        #expect(response.id == 0x1234 && response.opcode == .update && response.header.recursionDesired == false)
        #expect(response.isAuthoritative && response.isTruncated && !response.header.recursionAvailable)
        #expect(response.header.rcode == .refused)
        #expect(response.code == ResponseCode(rawValue: 0x15))
        #expect(response.questions == [Question(name: a, type: .any)])
        #expect(
            response.answers == [
                ResourceRecord(name: a, ttl: 60, data: .a(IPv4Address(rawValue: 0x0A00_0005))),
                ResourceRecord(name: a, ttl: 60, data: .opaque(.mx, [0, 10, 1, 0x6D, 1, 97, 0])),
            ])
        guard case .soa(let found) = response.authority.first?.data else {
            Issue.record("no SOA in \(response.authority)")
            return
        }
        #expect(found.responsibleName == (try DomainName("h.a")) && found.minimum == 7)
        #expect(response.additional.map(\.description) == ["a. 60 CLASS3 TYPE65280 \\# 3 010203"])
        let edns = try #require(response.edns)
        #expect(edns.payloadSize == 1232 && edns.extendedCode == 1 && edns.version == 0 && edns.dnssecOK)
        #expect(edns.options == [EDNS.Option(code: 11, data: [1, 0x2C])])
        #expect(response.tsig == nil)
    }

    @Test("RFC 2136 §3.8: an answer may repeat the update, records without data included")
    func echoedUpdate() throws {
        let message = TestMessage(flags: 0xA800, counts: [1, 1, 1, 0]).question(Self.name, .soa)
            .record(Self.pointer, .any, [], recordClass: .any, ttl: 0)
            .record(Self.pointer, .a, [], recordClass: .any, ttl: 0)
        let response = try ResponseMessage.parse(message.bytes)
        #expect(response.answers.map(\.data) == [.opaque(.any, [])])
        #expect(response.authority.map(\.data) == [.opaque(.a, [])])
    }

    private static let malformed: [(String, TestMessage)] = [
        ("nothing", TestMessage(counts: [])),
        ("a count without its question", TestMessage(counts: [1, 0, 0, 0])),
        ("a count without its record", TestMessage(counts: [0, 0, 0, 1])),
        ("65535 records announced", TestMessage(counts: [0, 65535, 65535, 65535])),
        ("a question cut short", TestMessage(counts: [1, 0, 0, 0]).appending([1, 97, 0, 0, 1, 0])),
        ("a record cut short", TestMessage(counts: [0, 1, 0, 0]).appending([0, 0, 1, 0, 1, 0, 0, 0, 0, 0])),
        (
            "data longer than the message",
            TestMessage(counts: [0, 1, 0, 0]).appending([0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 5, 1, 2, 3, 4])
        ),
        ("trailing bytes", TestMessage().appending([0])),
        (
            "trailing bytes after a record",
            TestMessage(counts: [0, 1, 0, 0]).record(name, .a, [1, 2, 3, 4]).appending([0])
        ),
        ("an address of three octets", TestMessage(counts: [0, 1, 0, 0]).record(name, .a, [1, 2, 3])),
        ("an address of five octets", TestMessage(counts: [0, 1, 0, 0]).record(name, .a, [1, 2, 3, 4, 5])),
        ("a string longer than its data", TestMessage(counts: [0, 1, 0, 0]).record(name, .txt, [9, 97])),
        (
            "a name longer than its data",
            TestMessage(counts: [0, 2, 0, 0]).record(name, .cname, [3, 97]).record(name, .a, [1, 2, 3, 4])
        ),
        ("an SOA without its numbers", TestMessage(counts: [0, 1, 0, 0]).record(name, .soa, [0, 0, 0, 0, 0])),
        ("a pointer to itself", TestMessage(counts: [1, 0, 0, 0]).question([0xC0, 12])),
        ("a pointer forwards", TestMessage(counts: [1, 0, 0, 0]).question([0xC0, 20]).appending([0, 0, 0, 0])),
        ("a pointer into the header", TestMessage(counts: [1, 0, 0, 0]).question([0xC0, 2])),
        ("a pointer past the end", TestMessage(counts: [1, 0, 0, 0]).question([0xFF, 0xFF])),
        ("half a pointer", TestMessage(counts: [1, 0, 0, 0]).appending([0xC0])),
        (
            "two pointers at each other",
            TestMessage(counts: [2, 0, 0, 0]).question([1, 97, 0xC0, 18]).question([0xC0, 12])
        ),
        ("a pointer within data to that data", TestMessage(counts: [0, 1, 0, 0]).record(name, .cname, [0xC0, 25])),
        ("a label of the extended type", TestMessage(counts: [1, 0, 0, 0]).question([0x41, 97, 0])),
        ("a label length with the other reserved bits", TestMessage(counts: [1, 0, 0, 0]).question([0x80, 97, 0])),
        ("a label cut short", TestMessage(counts: [1, 0, 0, 0]).appending([5, 97])),
        (
            "a name of 256 octets",
            TestMessage(counts: [1, 0, 0, 0]).question([UInt8](repeating: 1, count: 254) + [1, 97, 0])
        ),
        ("two OPT records", TestMessage(counts: [0, 0, 0, 2]).record([0], .opt, []).record([0], .opt, [])),
        ("an OPT in the answer", TestMessage(counts: [0, 1, 0, 0]).record([0], .opt, [])),
        ("an OPT below a name", TestMessage(counts: [0, 0, 0, 1]).record(name, .opt, [])),
        ("an EDNS option cut short", TestMessage(counts: [0, 0, 0, 1]).record([0], .opt, [0, 3, 0, 5, 1])),
    ]

    @Test("What is not a message is refused", arguments: malformed.indices)
    func malformedMessage(index: Int) {
        let (what, message) = Self.malformed[index]
        let error = #expect(throws: MessageError.self, "\(what)") { try ResponseMessage.parse(message.bytes) }
        #expect(error?.code == .malformed, "\(what)")
    }

    private static let malformedTSIG: [(String, TestMessage)] = [
        ("two of them", TestMessage(counts: [0, 0, 0, 2]).tsig(name).tsig(name)),
        ("a record after it", TestMessage(counts: [0, 0, 0, 2]).tsig(name).record(name, .a, [1, 2, 3, 4])),
        ("an OPT after it", TestMessage(counts: [0, 0, 0, 2]).tsig(name).record([0], .opt, [])),
        ("in the answer", TestMessage(counts: [0, 1, 0, 0]).tsig(name)),
        ("in the authority section", TestMessage(counts: [0, 0, 1, 0]).tsig(name)),
        ("class IN", TestMessage(counts: [0, 0, 0, 1]).tsig(name, recordClass: .internet)),
        ("a TTL", TestMessage(counts: [0, 0, 0, 1]).tsig(name, ttl: 1)),
        ("a compressed algorithm name", TestMessage(counts: [0, 0, 0, 1]).tsig(name, algorithm: [0xC0, 12])),
        ("no data", TestMessage(counts: [0, 0, 0, 1]).record(name, .tsig, [], recordClass: .any, ttl: 0)),
        (
            "bytes after its data",
            TestMessage(counts: [0, 0, 0, 1]).record(
                name, .tsig, [0] + [UInt8](repeating: 0, count: 17), recordClass: .any, ttl: 0)
        ),
    ]

    @Test(
        "RFC 8945 §5.1–5.2: a TSIG is alone, last and whole, or the answer is refused", arguments: malformedTSIG.indices
    )
    func malformedSignature(index: Int) {
        let (what, message) = Self.malformedTSIG[index]
        let error = #expect(throws: MessageError.self, "\(what)") { try ResponseMessage.parse(message.bytes) }
        #expect(error?.code == .malformedTSIG, "\(what)")
    }

    @Test("An answer longer than the limit is not looked at")
    func limit() throws {
        let message = TestMessage(counts: [0, 1, 0, 0]).record(Self.name, .txt, [UInt8](repeating: 0, count: 5000))
            .bytes
        #expect(throws: MessageError.self) { try ResponseMessage.parse(message) }
        let response = try ResponseMessage.parse(message, limit: ResponseMessage.queryAnswerLimit)
        guard case .txt(let text) = response.answers[0].data else {
            Issue.record("no TXT")
            return
        }
        #expect(text.strings.count == 5000)
    }

    @Test("A request is no answer")
    func request() {
        let error = #expect(throws: MessageError.self) { try ResponseMessage.parse(TestMessage(flags: 0x2800).bytes) }
        #expect(error?.code == .notAResponse)
    }

    @Test("An answer belongs to a query if ID, opcode and question match, the name's case included")
    func belongsToQuery() throws {
        let query = QueryMessage(name: try DomainName("aB"), type: .txt, id: 0x1234)
        let answer = { (message: TestMessage) in query.isAnswered(by: try ResponseMessage.parse(message.bytes)) }
        let one: [UInt16] = [1, 0, 0, 0]
        #expect(try answer(TestMessage(counts: one).question(TestMessage.name("aB"))))
        #expect(try !answer(TestMessage(counts: one).question(TestMessage.name("ab"))))
        #expect(try !answer(TestMessage(counts: one).question(TestMessage.name("aB"), .a)))
        #expect(try !answer(TestMessage(id: 1, counts: one).question(TestMessage.name("aB"))))
        #expect(try !answer(TestMessage(flags: 0xA800, counts: one).question(TestMessage.name("aB"))))
        #expect(try !answer(TestMessage()))
        #expect(try answer(TestMessage(flags: 0x8001)))
        let twice = TestMessage(counts: [2, 0, 0, 0]).question(TestMessage.name("aB")).question(TestMessage.name("aB"))
        #expect(try !answer(twice))
    }

    @Test("A query asks one question, without recursion, and tells what fits over UDP")
    func query() throws {
        let query = QueryMessage(name: try DomainName("aB"), type: .txt, id: 0xBEEF)
        let edns = "0000290" + "4d0000000000000"
        #expect(try query.wire().hex == "beef00000001000000000001" + "026142000010" + "0001" + edns)
        var plain = query
        plain.payloadSize = nil
        plain.recursionDesired = true
        #expect(try plain.wire().hex == "beef01000001000000000000" + "026142000010" + "0001")
    }
}
