import Testing

@testable import DNSUpdate

@Suite("Addresses and blocks")
struct IPAddressTests {
    @Test(
        "Only the plain form of an address is read",
        arguments: [
            "", " ", "10.0.0.1 ", " 10.0.0.1", "10.0.0", "10.0.0.1.2", "010.0.0.1", "10.0.0.01", "0x0a.0.0.1",
            "167772161",
            "10.0.0.256", "10.0.0.-1", "10.0.0.1\u{0}", "10.0.0.1\u{0}.2", "10.0.0.1\n", "１0.0.0.1", "fe80::1%eth0",
            "::1%1", "[::1]", "::1/128", ":::", "1::2::3", "12345::", "::g", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
            "::ffff:010.0.0.1", "::1\u{0}", "localhost", "10.0.0.1:53",
        ])
    func refused(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(
        "RFC 5952: an address has one text",
        arguments: [
            ("192.0.2.1", "192.0.2.1"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"),
            ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("2001:DB8::1", "2001:db8::1"),
            ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
            ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"), ("2001:0db8::0001", "2001:db8::1"),
            ("0:0:1:2:3:4:5:6", "::1:2:3:4:5:6"), ("1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"), ("fd00::5", "fd00::5"),
            ("::ffff:192.0.2.1", "::ffff:192.0.2.1"), ("::ffff:c000:201", "::ffff:192.0.2.1"),
            ("::192.0.2.1", "::c000:201"), ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("0:0:0:1::", "0:0:0:1::"),
        ])
    func text(given: String, expected: String) throws {
        let address = try #require(IPAddress(given))
        #expect(address.description == expected)
        #expect(IPAddress(expected) == address)
        switch address {
        case .v4(let value): #expect(IPv4Address(bytes: value.bytes) == value)
        case .v6(let value): #expect(IPv6Address(bytes: value.bytes) == value)
        }
    }

    @Test(
        "No host can be published under an address that is not a host's",
        arguments: [
            ("0.0.0.0", "the unspecified address"), ("0.1.2.3", "an address of \"this network\""),
            ("127.0.0.1", "a loopback address"), ("127.255.255.255", "a loopback address"),
            ("169.254.1.1", "a link-local address"), ("224.0.0.1", "a multicast address"),
            ("239.255.255.255", "a multicast address"), ("240.0.0.1", "a reserved address"),
            ("255.255.255.255", "the broadcast address"), ("::", "the unspecified address"),
            ("::1", "a loopback address"), ("fe80::1", "a link-local address"), ("febf::1", "a link-local address"),
            ("ff02::1", "a multicast address"), ("::ffff:10.0.0.1", "an IPv4-mapped IPv6 address"),
            ("10.0.0.1", nil), ("192.0.2.1", nil), ("128.0.0.1", nil), ("223.255.255.255", nil), ("169.253.1.1", nil),
            ("fec0::1", nil), ("2001:db8::1", nil), ("fd00::1", nil), ("1.0.0.0", nil),
        ])
    func publishable(text: String, reason: String?) throws {
        #expect(try #require(IPAddress(text)).unpublishableReason == reason)
    }

    @Test("Private and unique local addresses are known")
    func privateAddresses() throws {
        for text in ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1"] {
            #expect(try #require(IPv4Address(text)).isPrivate)
        }
        for text in ["11.0.0.1", "172.15.0.1", "172.32.0.1", "192.169.0.1"] {
            #expect(try !#require(IPv4Address(text)).isPrivate)
        }
        #expect(try #require(IPv6Address("fc00::1")).isUniqueLocal && #require(IPv6Address("fdff::1")).isUniqueLocal)
        #expect(try !#require(IPv6Address("fe00::1")).isUniqueLocal)
    }

    @Test(
        "A block contains the addresses of its own family that share its bits",
        arguments: [
            ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.0", false), ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "::1", false), ("::/0", "10.0.0.1", false), ("10.0.0.0/8", "::ffff:10.0.0.1", false),
            ("172.16.0.0/12", "172.31.255.255", true), ("172.16.0.0/12", "172.32.0.0", false),
            ("192.0.2.1/32", "192.0.2.1", true), ("192.0.2.1/32", "192.0.2.0", false), ("fc00::/7", "fd12::1", true),
            ("fc00::/7", "fe00::1", false), ("2001:db8::1/128", "2001:db8::1", true),
            ("2001:db8::/127", "2001:db8::2", false),
        ])
    func contains(block: String, address: String, expected: Bool) throws {
        let prefix = try IPPrefix(block)
        #expect(prefix.contains(try #require(IPAddress(address))) == expected)
        #expect(prefix.description == block)
    }

    @Test(
        "What is no block is refused",
        arguments: [
            "", "10.0.0.0", "10.0.0.0/", "/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/+8",
            "10.0.0.0/8/8",
            "10.0.0.1/8", "::/129", "fc00::1/7", "10.0.0.0/ 8", "10/8", "all",
        ])
    func noBlock(text: String) {
        #expect(throws: IPPrefixError.self) { try IPPrefix(text) }
    }
}
