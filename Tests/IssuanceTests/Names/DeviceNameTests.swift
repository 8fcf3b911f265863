import DNSUpdate
import Testing

@testable import Issuance

@Suite("Device names: host names (RFC 1123 §2.1) below the apex of a configured zone")
struct DeviceNameTests {
    private static let zones = ["devices.example.com", "lab.devices.example.com", "example.net"]
    private let zones: [DomainName]

    init() throws {
        zones = try Self.zones.map { try DomainName($0) }
    }

    @Test(
        "what is accepted is lower case, absolute, and in the longest zone that holds it",
        arguments: [
            ("dev1", "dev1.devices.example.com", "devices.example.com"),
            ("DEV1", "dev1.devices.example.com", "devices.example.com"),
            ("0", "0.devices.example.com", "devices.example.com"),
            ("a-b--c", "a-b--c.devices.example.com", "devices.example.com"),
            ("xn--bcher-kva", "xn--bcher-kva.devices.example.com", "devices.example.com"),
            ("dev1.devices.example.com", "dev1.devices.example.com", "devices.example.com"),
            ("dev1.devices.example.com.", "dev1.devices.example.com", "devices.example.com"),
            ("Dev1.Devices.EXAMPLE.com", "dev1.devices.example.com", "devices.example.com"),
            ("a.b.devices.example.com", "a.b.devices.example.com", "devices.example.com"),
            ("dev1.lab.devices.example.com", "dev1.lab.devices.example.com", "lab.devices.example.com"),
            ("dev1.example.net", "dev1.example.net", "example.net"),
            (
                String(repeating: "a", count: 63), String(repeating: "a", count: 63) + ".devices.example.com",
                "devices.example.com"
            ),
        ])
    func accepted(text: String, name: String, zone: String) throws {
        let device = try DeviceName(text, zones: zones)
        #expect(device.description == name)
        #expect(device.zone.description == zone)
        #expect(try device.challengeDomain.description == "_acme-challenge." + name)
    }

    @Test(
        "what is no host name is refused before DNS or a CA sees it",
        arguments: [
            "", ".", "..", "dev1..", ".dev1", "a..b.devices.example.com", "@", "@x", "x@devices.example.com", "*",
            "*.dev1", "*.dev1.devices.example.com", "de*v", String(repeating: "a", count: 64), " ", "dev 1", " dev1",
            "dev1 ",
            "dev\u{0}1", "dev1\u{0}", "\u{0}", "\"dev1\"", "dev\"1", "dev;1", "dev1;", "dev1\n", "\ndev1", "dev\r1",
            "dev\t1",
            "dev_1", "_acme-challenge", "-dev1", "dev1-", "dev1.-x.devices.example.com", "dev/1", "../dev1", "dev\\.1",
            "dev\\0461", "dev$1", "(dev1)", "10.0.0.5:53", "bücher", "d\u{435}v1", "dev\u{200B}1", "dev１",
            "\u{1B}[31mdev1",
            "dev1。devices.example.com", "devices.example.com", "DEVICES.example.com.", "lab.devices.example.com",
            "example.net",
        ])
    func refused(text: String) {
        #expect(throws: IssuanceError(.invalidName, "")) { try DeviceName(text, zones: zones) }
    }

    @Test(
        "a well-formed name that no zone holds says which zones there are",
        arguments: [
            "dev1.", "dev1.example.com", "dev1.example.org", "xdevices.example.com", "com.", "notexample.net.", "a.b",
        ])
    func inNoZone(text: String) throws {
        let error = try #require(throws: IssuanceError.self) { try DeviceName(text, zones: zones) }
        #expect(error.code == .nameInNoZone)
        #expect(error.message.contains("devices.example.com, lab.devices.example.com, example.net"))
    }

    @Test("RFC 1035 §2.3.4: the challenge in front of the name has to fit into 255 octets, too")
    func length() throws {
        // On the wire: `_acme-challenge.` has 16 octets, `.example.net.` 13, each label its length and one more.
        let label = String(repeating: "a", count: 63)
        let room = 255 - 16 - 13 - 3 * 64
        let longest = [label, label, label, String(repeating: "b", count: room - 1), "example.net"].joined(
            separator: ".")
        #expect(try DeviceName(longest, zones: zones).challengeDomain.wireBytes.count == 255)
        let tooLong = [label, label, label, String(repeating: "b", count: room), "example.net"].joined(separator: ".")
        #expect(throws: IssuanceError(.invalidName, "")) { try DeviceName(tooLong, zones: zones) }
        for size in [256, 1_000, 1_000_000] {
            let huge = String(String(repeating: "abcdefghi.", count: size / 10 + 1).prefix(size - 12)) + ".example.net"
            #expect(throws: IssuanceError(.invalidName, "")) { try DeviceName(huge, zones: zones) }
        }
    }

    @Test("a name is quoted in messages without control characters and at a bounded length")
    func quoting() throws {
        let error = try #require(throws: IssuanceError.self) {
            try DeviceName("\u{1B}[31m\nevil" + String(repeating: "x", count: 200), zones: zones)
        }
        #expect(!error.message.contains("\u{1B}") && !error.message.contains("\n"))
        #expect(error.message.count < 200)
        #expect(!error.hints.isEmpty)
    }

    @Test("a wildcard is refused with a pointer to the option that certifies it")
    func wildcard() throws {
        let error = try #require(throws: IssuanceError.self) { try DeviceName("*.dev1", zones: zones) }
        #expect(error.hints.contains { $0.contains("--wildcard") })
    }

    @Test("without a zone no name is a device's")
    func noZone() {
        #expect(throws: IssuanceError(.nameInNoZone, "")) { try DeviceName("dev1", zones: []) }
    }
}
