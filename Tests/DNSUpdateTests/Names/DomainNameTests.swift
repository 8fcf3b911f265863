import Testing

@testable import DNSUpdate

@Suite("Domain names (RFC 1035, RFC 4343)")
struct DomainNameTests {
    @Test(
        "RFC 1035 §5.1: presentation format is read and written back",
        arguments: [
            ("devices.example.com", "devices.example.com"),
            ("devices.example.com.", "devices.example.com"),
            (".", "."),
            ("_acme-challenge.dev-1.example", "_acme-challenge.dev-1.example"),
            ("*.example", "*.example"),
            (#"a\.b.example"#, #"a\.b.example"#),
            (#"a\046b.example"#, #"a\.b.example"#),
            (#"\065.example"#, "A.example"),
            (#"\000\255.example"#, #"\000\255.example"#),
            (#"\@\"\;\(\)\$\\.example"#, #"\@\"\;\(\)\$\\.example"#),
            (#"a\ b.example"#, nil),
            (#"trailing\."#, #"trailing\."#),
            (#"trailing\.."#, #"trailing\."#),
        ])
    func presentation(text: String, expected: String?) throws {
        guard let expected else {
            #expect(throws: DomainNameError.self) { try DomainName(text) }
            return
        }
        let name = try DomainName(text)
        #expect(name.description == expected)
        #expect(try DomainName(name.absoluteText).wireBytes == name.wireBytes)
        #expect(try DomainName(wire: name.wireBytes).wireBytes == name.wireBytes)
    }

    @Test(
        "What is no domain name is refused with the reason",
        arguments: [
            ("", DomainNameError.Code.empty),
            ("@", .invalidCharacter), ("@x", .invalidCharacter), ("a.@.example", .invalidCharacter),
            ("a b.example", .invalidCharacter), (" ", .invalidCharacter), ("a\tb", .invalidCharacter),
            ("a\nb", .invalidCharacter), ("a\r\nb", .invalidCharacter), ("a\u{0}b", .invalidCharacter),
            ("a\u{0}", .invalidCharacter), ("\u{7F}", .invalidCharacter), ("\"a\"", .invalidCharacter),
            ("a;b", .invalidCharacter), ("a(b", .invalidCharacter), ("a)b", .invalidCharacter),
            ("$ORIGIN", .invalidCharacter), ("bücher.example", .invalidCharacter), ("a\u{202E}b", .invalidCharacter),
            (#"a\"#, .invalidEscape), (#"a\25"#, .invalidEscape), (#"a\256"#, .invalidEscape),
            (#"a\1x2"#, .invalidEscape), (#"a\é"#, .invalidEscape), ("a\\\u{0}", .invalidEscape),
            ("..", .invalidLabel), (".a", .invalidLabel), ("a..b", .invalidLabel), ("a..", .invalidLabel),
            (String(repeating: "a", count: 64), .invalidLabel),
            (String(repeating: "a", count: 64) + ".example.", .invalidLabel),
            (String(repeating: "a", count: 300), .tooLong),
            (String(repeating: "a.", count: 128), .tooLong),
            (String(repeating: "x", count: 2000), .tooLong),
        ])
    func refused(text: String, code: DomainNameError.Code) {
        let error = #expect(throws: DomainNameError.self) { try DomainName(text) }
        #expect(error?.code == code)
        #expect(error?.hint.isEmpty == false)
        // Nothing from outside can break a line or steer a terminal.
        #expect(error?.message.unicodeScalars.allSatisfy { (0x20..<0x7F).contains($0.value) || $0 == "…" } == true)
    }

    @Test("RFC 1035 §2.3.4: a label has up to 63 octets, a name up to 255, escapes counted as what they stand for")
    func limits() throws {
        let label = String(repeating: "a", count: 63)
        #expect(
            try DomainName("\(label).\(label).\(label).\(String(repeating: "a", count: 61))").wireBytes.count == 255)
        #expect(throws: DomainNameError.self) {
            try DomainName("\(label).\(label).\(label).\(String(repeating: "a", count: 62))")
        }
        #expect(try DomainName(String(repeating: #"\097"#, count: 63)).wireBytes.count == 65)
        #expect(try DomainName(String(repeating: "a.", count: 127)).labelCount == 127)
        let escaped = String(repeating: #"\097"#, count: 63)
        #expect(
            try DomainName("\(escaped).\(escaped).\(escaped).\(String(repeating: #"\097"#, count: 61)).")
                .wireBytes.count == 255)
    }

    @Test(
        "The wire form must be one uncompressed name and nothing else",
        arguments: [
            [], [1], [1, 97], [0, 0], [1, 97, 0, 0], [64] + [UInt8](repeating: 97, count: 64) + [0], [0xC0, 0x0C],
            [UInt8](repeating: 1, count: 255) + [0], [3, 97, 0],
        ] as [[UInt8]])
    func malformedWire(wire: [UInt8]) {
        #expect(throws: DomainNameError.self) { try DomainName(wire: wire) }
    }

    @Test("RFC 4343 §3: equality and hash ignore the case of ASCII letters, and nothing but theirs; case is kept")
    func caseInsensitive() throws {
        let name = try DomainName("Dev-1.Example.COM")
        #expect(name == (try DomainName("dev-1.example.com.")))
        #expect(Set([name, try DomainName("DEV-1.example.com")]).count == 1)
        #expect(name.description == "Dev-1.Example.COM")
        #expect(name.canonical.description == "dev-1.example.com")
        #expect(try DomainName(#"\193.example"#) != DomainName(#"\225.example"#))
        #expect(try DomainName("[.example") != DomainName("{.example"))
        #expect(try DomainName("a.b") != DomainName(#"a\.b"#))
    }

    @Test("RFC 4034 §6.1: canonical order")
    func order() throws {
        let ordered = [
            "example", "a.example", "yljkjljk.a.example", "Z.a.example", "zABC.a.EXAMPLE", "z.example",
            #"\001.z.example"#,
            "*.z.example", #"\200.z.example"#,
        ]
        let names = try ordered.map { try DomainName($0) }
        #expect(names.shuffled().sorted().map(\.description) == ordered)
        #expect(try !(DomainName("A.b") < DomainName("a.B")) && !(DomainName("a.B") < DomainName("A.b")))
        #expect(DomainName.root < names[0])
    }

    @Test("A name is below another by whole labels only")
    func hierarchy() throws {
        let zone = try DomainName("devices.example")
        #expect(try DomainName("a.b.DEVICES.example").isEqualOrBelow(zone))
        #expect(zone.isEqualOrBelow(zone) && zone.isEqualOrBelow(.root))
        #expect(try !DomainName("xdevices.example").isEqualOrBelow(zone))
        #expect(try !DomainName(#"a\.devices.example"#).isEqualOrBelow(zone))
        #expect(try !DomainName("example").isEqualOrBelow(zone))
        // The length octet of the longer label ends in what looks like the shorter name.
        #expect(try !DomainName(#"x\007devices.example"#).isEqualOrBelow(zone))
        #expect(try DomainName("a.b.c").parent?.parent?.parent?.isRoot == true)
        #expect(DomainName.root.parent == nil && DomainName.root.labelCount == 0 && DomainName.root.labels.isEmpty)
        #expect(try DomainName("*.a").isWildcard && !DomainName("x*.a").isWildcard)
    }

    @Test("A label is put in front, and only one that fits")
    func prepending() throws {
        let zone = try DomainName("example.com")
        #expect(try zone.prepending(label: "_acme-challenge").description == "_acme-challenge.example.com")
        #expect(throws: DomainNameError.self) { try zone.prepending(label: "a.b") }
        #expect(throws: DomainNameError.self) { try zone.prepending(label: "") }
        #expect(throws: DomainNameError.self) { try zone.prepending(label: ".") }
        let long = try DomainName(String(repeating: "a.", count: 127))
        #expect(throws: DomainNameError.self) { try long.prepending(label: "b") }
        #expect(try DomainName.root.prepending(label: "x").description == "x")
    }

    @Test(
        "RFC 1123 §2.1: a host name has letters, digits and inner hyphens",
        arguments: [
            ("dev-1.example", true), ("1.example", true), ("DEV.example", true), ("_dev.example", false),
            ("-dev.example", false), ("dev-.example", false), ("*.example", false), (#"a\.b.example"#, false),
            (".", false), ("a.b_c", false), (#"\200.example"#, false),
        ])
    func hostNames(text: String, isHostName: Bool) throws {
        let name = try DomainName(text)
        if isHostName {
            try name.validateHostName()
        } else {
            let error = #expect(throws: DomainNameError.self) { try name.validateHostName() }
            #expect(error?.code == .notAHostName)
        }
    }
}
