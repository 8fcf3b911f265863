import DNSUpdate
import Testing

@testable import Issuance

@Suite("Addresses of devices: only those of hosts, only those the zone allows (DESIGN §5)")
struct AddressPolicyTests {
    private let policy: AddressPolicy

    init() throws {
        let networks = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]
        policy = AddressPolicy(allowed: try networks.map { try IPPrefix($0) })
    }

    @Test(
        "private addresses are allowed, edges included, and come out in their normal form",
        arguments: [
            ("10.0.0.0", "10.0.0.0"), ("10.255.255.255", "10.255.255.255"), ("172.16.0.1", "172.16.0.1"),
            ("172.31.255.255", "172.31.255.255"), ("192.168.1.1", "192.168.1.1"), ("fd00::5", "fd00::5"),
            ("FD00:0:0:0:0:0:0:5", "fd00::5"), ("fc00::", "fc00::"),
        ])
    func allowed(text: String, normal: String) throws {
        #expect(try policy.check(text).description == normal)
    }

    @Test(
        "what is no address of a host is refused even when everything is allowed",
        arguments: [
            "", " ", "10.0.0", "10.0.0.5.6", "10.0.0.256", "010.0.0.5", "10.0.0.05", "0x0a.0.0.5", "167772165",
            "10.0.0.5 ",
            " 10.0.0.5", "10.0.0.5\n", "10.0.0.5/8", "10.0.0.5:53", "[fd00::5]", "fe80::1%eth0", "fd00:::5",
            "fd00::5::1",
            "12345::", "fd00::10.0.0.256", "localhost", "dev1", "１０.0.0.5", "10.0.0.5\u{0}", "0.0.0.0", "::",
            "127.0.0.1",
            "127.255.255.254", "::1", "224.0.0.1", "239.255.255.255", "ff02::1", "255.255.255.255", "::ffff:10.0.0.5",
            "::ffff:a00:5",
        ])
    func noHost(text: String) throws {
        let everything = AddressPolicy(allowed: [try IPPrefix("0.0.0.0/0"), try IPPrefix("::/0")])
        #expect(throws: IssuanceError(.invalidAddress, "")) { try everything.check(text) }
    }

    @Test(
        "an address outside the list is refused, with the list and where to extend it",
        arguments: [
            "8.8.8.8", "9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0",
            "169.254.1.1", "100.64.0.1", "2001:db8::1", "fe80::1", "fbff::1", "fe00::1",
        ])
    func outside(text: String) throws {
        let error = try #require(throws: IssuanceError.self) { try policy.check(text) }
        #expect(error.code == .addressRefused)
        #expect(error.message.contains("10.0.0.0/8"))
        #expect(error.hints.contains { $0.contains("addresses.allow") })
    }

    @Test("one that is given twice, in whatever form, is published once; the order stays")
    func duplicates() throws {
        let addresses = try policy.check(["10.0.0.5", "fd00::5", "10.0.0.5", "FD00:0::5"])
        #expect(addresses.map(\.description) == ["10.0.0.5", "fd00::5"])
    }

    @Test("no device has more than 16 addresses, far fewer than BIND keeps at a name")
    func many() throws {
        let texts = (1...17).map { "10.1.0.\($0)" }
        #expect(try policy.check(Array(texts.prefix(16))).count == 16)
        let error = try #require(throws: IssuanceError.self) { try policy.check(texts) }
        #expect(error.code == .invalidAddress && error.message.contains("17"))
    }

    @Test("one bad address refuses them all")
    func oneBad() {
        #expect(throws: IssuanceError(.addressRefused, "")) { try policy.check(["10.0.0.5", "8.8.8.8"]) }
    }

    @Test("an empty list allows nothing")
    func emptyList() {
        #expect(throws: IssuanceError(.addressRefused, "")) { try AddressPolicy(allowed: []).check("10.0.0.5") }
    }
}
