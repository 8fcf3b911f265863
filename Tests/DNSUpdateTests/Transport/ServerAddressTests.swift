import DNSUpdate
import Testing

@Suite("Server addresses")
struct ServerAddressTests {
    @Test(
        "Every form is read, and written in one",
        arguments: [
            ("192.0.2.53", "192.0.2.53:53"),
            ("192.0.2.53:5353", "192.0.2.53:5353"),
            ("2001:db8::53", "[2001:db8::53]:53"),
            ("[2001:DB8:0::53]", "[2001:db8::53]:53"),
            ("[2001:db8::53]:5353", "[2001:db8::53]:5353"),
            ("ns1.example.com", "ns1.example.com:53"),
            ("ns1.example.com.:5353", "ns1.example.com:5353"),
            ("1ns.example.com", "1ns.example.com:53"),
        ])
    func valid(text: String, description: String) throws {
        #expect(try ServerAddress(text).description == description)
    }

    @Test(
        "What is neither an address nor a host name is refused",
        arguments: [
            "", ":53", "192.0.2.256", "192.0.2", "192.0.2.053", "010.0.0.1", "[192.0.2.53", "[2001:db8::53]53",
            "[ns1.example.com]:53", "[192.0.2.53]:53", "-ns1.example.com", "fe80::1%eth0", "2001:db8::g",
            "ns1 .example.com", "ns1\u{0}.example.com", "@", ".",
            "\n192.0.2.53", "[]:53",
        ])
    func invalid(text: String) {
        #expect(throws: ServerAddressError(.notAnAddress, message: "", hint: "")) { try ServerAddress(text) }
    }

    @Test(
        "A port is 1 to 65535, in digits",
        arguments: [
            "192.0.2.53:0", "192.0.2.53:65536", "192.0.2.53:", "192.0.2.53:+53", "192.0.2.53:5 3", "ns1.test:١",
        ])
    func ports(text: String) {
        #expect(throws: ServerAddressError(.badPort, message: "", hint: "")) { try ServerAddress(text) }
    }

    @Test("A message shows outside text on one line, shortened")
    func quoting() {
        #expect {
            try ServerAddress("x\n\u{1B}[31m" + String(repeating: "!", count: 500))
        } throws: { error in
            let message = "\(error)"
            return message.count < 400 && message.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value < 0x7F }
        }
    }

    @Test("An endpoint is an address, never a name")
    func endpoint() {
        #expect(throws: ServerAddressError.self) { try DNSEndpoint("ns1.example.com") }
    }

    @Test("A host's addresses come from the resolver; none is a failure that names the host")
    func resolving() async throws {
        let resolver = HostResolver { name in
            name == (try DomainName("ns1.example.com"))
                ? ["192.0.2.1", "2001:db8::1"].compactMap { IPAddress($0) } : []
        }
        let found = try await resolver.endpoints(of: ServerAddress("ns1.example.com:5353"))
        #expect(found.map(\.description) == ["192.0.2.1:5353", "[2001:db8::1]:5353"])
        await #expect {
            try await resolver.endpoints(of: ServerAddress("gone.example.com"))
        } throws: { error in
            "\(error)".contains("gone.example.com")
        }
    }

    @Test("The system's resolver answers for localhost")
    func system() async throws {
        let addresses = try await HostResolver.system.addresses(of: DomainName("localhost"))
        #expect(addresses.allSatisfy { $0.isLoopback })
    }
}
