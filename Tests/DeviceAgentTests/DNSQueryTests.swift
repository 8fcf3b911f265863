import Testing

@testable import DeviceHost

@Suite("A stub resolver's messages")
struct DNSQueryTests {
    let question = DNSQuery.encode(id: 0x1234, name: "dev1.example.com", type: .a) ?? []

    /// An answer to ``question`` with those records after it.
    func answer(code: UInt8 = 0, records: [[UInt8]] = [], count: Int? = nil) -> [UInt8] {
        var message = question
        message[2] = 0x81
        message[3] = 0x80 | code
        message[7] = UInt8(count ?? records.count)
        return message + records.joined()
    }

    func record(_ data: [UInt8], type: UInt8 = 1, length: UInt8? = nil) -> [UInt8] {
        [0xC0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, length ?? UInt8(data.count)] + data
    }

    @Test("RFC 1035 §4.1.2: the question is encoded byte for byte")
    func encodes() {
        #expect(
            question == [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 4] + Array("dev1".utf8) + [7] + Array("example".utf8)
                + [3]
                + Array("com".utf8) + [0, 0, 1, 0, 1])
        #expect(DNSQuery.encode(id: 1, name: String(repeating: "a", count: 64) + ".com", type: .a) == nil)
        #expect(DNSQuery.encode(id: 1, name: String(repeating: "aaaaaaa.", count: 40), type: .a) == nil)
    }

    @Test("Addresses are read behind aliases, and the code is told")
    func decodes() {
        let message = answer(records: [record([0xC0, 12], type: 5), record([10, 0, 0, 6]), record([10, 0, 0, 5])])
        let result = DNSQuery.decode(message, to: question, type: .a)
        #expect(result == DNSQuery.Answer(responseCode: 0, addresses: [address("10.0.0.5"), address("10.0.0.6")]))
        #expect(DNSQuery.decode(answer(code: 3), to: question, type: .a)?.codeName == "NXDOMAIN")
    }

    @Test("RFC 1035 §4.1.4: names in any form are passed over; an answer that is cut short, loops or lies is none")
    func hostile() {
        var other = answer()
        other[0] = 0
        var query = answer()
        query[2] = 1
        var asked = answer()
        asked[13] = UInt8(ascii: "x")
        let broken: [[UInt8]] = [
            [], Array(question.prefix(11)), other, query, asked, answer(count: 1), answer(records: [[0xC0]]),
            answer(records: [record([10, 0, 0, 5], length: 200)]), answer(records: [[63, 1, 2]]),
            answer(records: [[0x80, 0]]),
            answer(records: [[0, 0, 1, 0, 1, 0, 0, 0, 60, 0]]),
        ]
        for message in broken { #expect(DNSQuery.decode(message, to: question, type: .a) == nil, "\(message)") }
        // A pointer to itself is passed over, not followed.
        let pointer = [UInt8(0xC0), UInt8(question.count)] + record([10, 0, 0, 5]).dropFirst(2)
        #expect(DNSQuery.decode(answer(records: [Array(pointer)]), to: question, type: .a)?.addresses.count == 1)
        // An address of the wrong length is none.
        #expect(DNSQuery.decode(answer(records: [record([1, 2, 3])]), to: question, type: .a)?.addresses == [])
    }

    @Test("No prefix of a good answer, and no change of one of its bytes, does harm")
    func mutations() {
        let good = answer(records: [record([0xC0, 12], type: 5), record([10, 0, 0, 5])])
        for count in 0...good.count { _ = DNSQuery.decode(Array(good[..<count]), to: question, type: .a) }
        for index in good.indices {
            for value: UInt8 in [0, 1, 0x3F, 0x40, 0x80, 0xC0, 0xFF] {
                var changed = good
                changed[index] = value
                let result = DNSQuery.decode(changed, to: question, type: .a)
                #expect(result.map { $0.addresses.count <= 2 } ?? true)
            }
        }
    }

    @Test(
        "resolv.conf(5): the first three servers count; without any it is this machine",
        arguments: [
            (
                "nameserver 192.0.2.1\n# nameserver 192.0.2.9\n\tnameserver\t2001:db8::1 x\nsearch example.com",
                ["192.0.2.1", "2001:db8::1"]
            ),
            ("", ["127.0.0.1"]), ("nameserver\n", ["127.0.0.1"]),
            (
                "nameserver 1.1.1.1\nnameserver 2.2.2.2\nnameserver 3.3.3.3\nnameserver 4.4.4.4",
                ["1.1.1.1", "2.2.2.2", "3.3.3.3"]
            ),
        ])
    func list(text: String, hosts: [String]) {
        #expect(StubResolver.list(configuration: text).map(\.host) == hosts)
    }
}
