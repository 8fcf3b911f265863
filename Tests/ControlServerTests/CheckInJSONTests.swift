import FleetAPI
import FoundationEssentials
import Testing

@testable import ControlServer

@Suite("Check-ins, read and answered without the general JSON coder")
struct CheckInJSONTests {
    /// Each is read by the short way.
    private static let plain = [
        #"{"addresses":["10.0.0.5"]}"#,
        #"{"addresses":[]}"#,
        " {\n\t\"addresses\" : [ \"10.0.0.5\" , \"fd00::5\" ]\r\n} ",
        #"{"addresses":["10.0.0.5"],"certificate":{"serial":"0a1b","notAfter":"2027-01-01T00:00:00Z"}}"#,
        #"{"certificate":{"notAfter":"2027-01-01T01:00:00+01:00","serial":""},"addresses":["not an address"]}"#,
    ]

    /// Each is left to the general decoder, which takes some of them.
    private static let others = [
        "", "{}", "[]", "null", "{", "}", #"{"addresses":["10.0.0.5"]"#, #"{"addresses":["10.0.0.5"]} x"#,
        #"{"addresses":["10.0.0.5"],}"#, #"{"addresses":["10.0.0.5",]}"#, #"{"addresses":["10.0.0.5" "10.0.0.6"]}"#,
        #"{"addresses":"10.0.0.5"}"#, #"{"addresses":[5]}"#, #"{"addresses":null}"#, #"{"Addresses":["10.0.0.5"]}"#,
        #"{"addresses":["10.0.0.5"],"more":1}"#, #"{"addresses":["10.0.0.5"],"addresses":["10.0.0.6"]}"#,
        #"{"addresses":["10.0.0\u002e5"]}"#, "{\"addresses\":[\"10.0.0.5\u{0}\"]}",
        "{\"addresses\":[\"10.0.0.5\u{7F}\"]}",
        "{\"addresses\":[\"１０.0.0.5\"]}", "{\"addresses\":[\"10.0.0.5\n\"]}", "\u{FEFF}{\"addresses\":[]}",
        #"{"addresses":[],"certificate":null}"#, #"{"addresses":[],"certificate":{}}"#,
        #"{"addresses":[],"certificate":{"serial":"0a"}}"#,
        #"{"addresses":[],"certificate":{"serial":"0a","notAfter":"tomorrow"}}"#,
        #"{"addresses":[],"certificate":{"serial":10,"notAfter":"2027-01-01T00:00:00Z"}}"#,
        #"{"addresses":[],"certificate":{"serial":"0a","notAfter":"2027-01-01T00:00:00Z","more":[]}}"#,
    ]

    @Test("what the short way reads, the general decoder reads as the same", arguments: plain)
    func same(text: String) throws {
        let body = Array(text.utf8)
        let read = try #require(CheckInRequest(plain: body))
        #expect(try JSONDecoder().decode(CheckInRequest.self, from: Data(body)) == read)
    }

    @Test("the short way reads nothing that is not plain", arguments: others)
    func left(text: String) {
        #expect(CheckInRequest(plain: Array(text.utf8)) == nil)
    }

    @Test("a text with any one octet changed, or cut anywhere, is read as the general decoder reads it, or not at all")
    func changed() throws {
        let text = Array(
            #"{"addresses":["10.0.0.5"],"certificate":{"serial":"0a","notAfter":"2027-01-01T00:00:00Z"}}"#.utf8)
        for position in text.indices {
            for octet: UInt8 in [0x00, 0x20, 0x22, 0x2C, 0x31, 0x5B, 0x5C, 0x5D, 0x7B, 0x7D, 0x80, 0xC3, 0xFF] {
                var other = text
                other[position] = octet
                guard let read = CheckInRequest(plain: other) else { continue }
                #expect(try JSONDecoder().decode(CheckInRequest.self, from: Data(other)) == read)
            }
            #expect(CheckInRequest(plain: Array(text[..<position])) == nil)
        }
    }

    @Test(
        "the answer is what the general encoder makes of it",
        arguments: [
            CheckInResponse(
                name: "dev1.devices.example.com", addresses: [], certificate: CertificateDirective(action: .none),
                checkInAfter: 1),
            CheckInResponse(
                name: "dev1.devices.example.com", addresses: ["10.0.0.5", "fd00::5"],
                certificate: CertificateDirective(
                    action: .download, notAfter: Timestamp(secondsSinceEpoch: 1_800_000_000),
                    renewAt: Timestamp(secondsSinceEpoch: -1)), checkInAfter: 300),
            CheckInResponse(
                name: "a\"b\\c\u{1}\u{1F}/é", addresses: ["\u{7F}"],
                certificate: CertificateDirective(action: .sendCSR),
                checkInAfter: -1),
        ])
    func answer(response: CheckInResponse) throws {
        #expect(
            String(decoding: response.json, as: UTF8.self)
                == String(decoding: try APIAnswer.json(response).body, as: UTF8.self))
        #expect(try JSONDecoder().decode(CheckInResponse.self, from: Data(response.json)) == response)
    }
}
