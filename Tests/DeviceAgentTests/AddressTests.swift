import Testing

@testable import DeviceHost

@Suite("Local addresses")
struct AddressTests {
    @Test(
        "Text that is an address is read and written in one form (RFC 5952)",
        arguments: [
            ("10.0.0.5", "10.0.0.5"), ("FD00:0:0:0:0:0:0:5", "fd00::5"), ("fd00::0005", "fd00::5"), ("::1", "::1"),
        ])
    func reads(text: String, shown: String) {
        #expect(LocalAddress(text)?.description == shown)
    }

    @Test(
        "Text that is no address is refused",
        arguments: [
            "", "10.0.0", "10.0.0.256", "010.0.0.1", "10.0.0.5 ", "10.0.0.5/8", "fe80::1%eth0", "[fd00::1]",
            "fd00::1::2", "1",
            "10.0.0.5\0", "localhost",
        ])
    func refuses(text: String) {
        #expect(LocalAddress(text) == nil)
    }

    @Test(
        "A block contains its addresses, whatever the length",
        arguments: [
            ("10.0.0.0/8", "10.255.255.255", true), ("10.0.0.0/8", "11.0.0.0", false),
            ("172.16.0.0/12", "172.31.255.255", true),
            ("172.16.0.0/12", "172.32.0.0", false), ("0.0.0.0/0", "255.1.2.3", true), ("10.0.0.5/32", "10.0.0.5", true),
            ("10.0.0.5/32", "10.0.0.4", false), ("fc00::/7", "fdff::1", true), ("fc00::/7", "fe00::", false),
            ("0.0.0.0/0", "fd00::1", false), ("::/0", "fd00::1", true),
        ])
    func contains(prefix: String, text: String, expected: Bool) throws {
        #expect(try #require(AddressPrefix(prefix)).contains(address(text)) == expected)
    }

    @Test(
        "What is no block is refused",
        arguments: [
            "", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.1/8", "fc00::/129", "/8", "10.0.0.0/+8", "10.0.0.0/8/8",
        ])
    func noPrefix(text: String) {
        #expect(AddressPrefix(text) == nil)
    }

    @Test(
        "* stands for any characters, also none",
        arguments: [
            ("eth*", "eth0", true), ("eth*", "eth", true), ("eth*", "veth0", false), ("*", "", true), ("", "", true),
            ("", "a", false),
            ("eth0", "eth0", true), ("eth0", "eth01", false), ("*a*b*", "xxaxxbxx", true), ("*a*b*", "xxbxxa", false),
            ("a*a", "a", false), ("a*a", "aa", true), ("br-*-x", "br-1-2-x", true), ("**", "x", true),
        ])
    func pattern(pattern: String, name: String, expected: Bool) {
        #expect(NamePattern(pattern).matches(name) == expected)
    }

    static let machine = [
        InterfaceAddress(interface: "lo", address: address("127.0.0.1"), isUsable: false),
        InterfaceAddress(interface: "eth1", address: address("192.168.7.9")),
        InterfaceAddress(interface: "eth0", address: address("fd00::5")),
        InterfaceAddress(interface: "eth0", address: address("10.0.0.5")),
        InterfaceAddress(interface: "eth0", address: address("fe80::1")),
        InterfaceAddress(interface: "eth0", address: address("169.254.1.1")),
        InterfaceAddress(interface: "eth0", address: address("2001:db8::5")),
        InterfaceAddress(interface: "eth0", address: address("fd00::99"), isTemporary: true),
        InterfaceAddress(interface: "eth0", address: address("fd00::98"), isTentative: true),
        InterfaceAddress(interface: "eth2", address: address("10.9.9.9"), isUsable: false),
        InterfaceAddress(interface: "docker0", address: address("172.17.0.1")),
        InterfaceAddress(interface: "wg0", address: address("10.8.0.1")),
        InterfaceAddress(interface: "eth1", address: address("10.0.0.5")),
    ]

    @Test("By default: private addresses of real interfaces, IPv4 first, each once, always in the same order")
    func standard() {
        let selection = AddressSelection()
        #expect(selection.apply(to: Self.machine).map(\.description) == ["10.0.0.5", "192.168.7.9", "fd00::5"])
        #expect(selection.apply(to: Self.machine.reversed()) == selection.apply(to: Self.machine))
        #expect(selection.apply(to: []).isEmpty)
    }

    @Test(
        "Interfaces are chosen by the first pattern that matches; only exclusions leave the rest in",
        arguments: [
            (["eth0"], ["10.0.0.5", "fd00::5"]), (["!eth1"], ["10.0.0.5", "10.8.0.1", "172.17.0.1", "fd00::5"]),
            (["!eth0", "eth*"], ["10.0.0.5", "192.168.7.9"]), (["docker*"], ["172.17.0.1"]), (["nothing"], []),
        ] as [([String], [String])])
    func interfaces(patterns: [String], expected: [String]) {
        let chosen = AddressSelection(interfaces: patterns).apply(to: Self.machine)
        #expect(chosen.map(\.description) == expected)
    }

    @Test("Families and blocks narrow the choice or widen it; loopback and link-local never count")
    func families() throws {
        let v4 = AddressSelection(wantsIPv6: false).apply(to: Self.machine)
        #expect(v4.allSatisfy { $0.isV4 } && v4.count == 2)
        let all = try AddressSelection(networks: [
            #require(AddressPrefix("0.0.0.0/0")), #require(AddressPrefix("::/0")),
        ])
        #expect(
            all.apply(to: Self.machine).map(\.description) == ["10.0.0.5", "192.168.7.9", "2001:db8::5", "fd00::5"])
    }

    @Test(
        "The kernel's table of IPv6 addresses tells temporary and tentative ones; lines that do not fit are passed over"
    )
    func table() throws {
        let flags = IPv6Flags(
            table: """
                fd000000000000000000000000000005 02 40 00 80     eth0
                fd000000000000000000000000000099 02 40 00 01     eth0
                fd000000000000000000000000000098 02 40 00 c0     eth0
                garbage
                fd00 02 40 00 xx eth0

                """)
        #expect(flags.of(address("fd00::5"), on: "eth0") & (IPv6Flags.passing | IPv6Flags.unchecked) == 0)
        #expect(flags.of(address("fd00::99"), on: "eth0") & IPv6Flags.passing != 0)
        #expect(flags.of(address("fd00::98"), on: "eth0") & IPv6Flags.unchecked != 0)
        #expect(flags.of(address("fd00::99"), on: "eth1") == 0)
        #expect(flags.of(address("10.0.0.5"), on: "eth0") == 0)
    }

    @Test("This machine's own loopback is found, and never counts")
    func thisMachine() {
        let current = InterfaceAddress.current()
        #expect(current.contains { $0.address == address("127.0.0.1") && !$0.isUsable })
        #expect(!AddressSelection().apply(to: current).contains(address("127.0.0.1")))
    }
}
