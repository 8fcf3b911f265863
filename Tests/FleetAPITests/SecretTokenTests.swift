import Testing

@testable import FleetAPI

@Suite("Bearer tokens")
struct SecretTokenTests {
    /// Not random, so that the text is known.
    struct Counter: RandomNumberGenerator {
        var value: UInt64 = 0
        mutating func next() -> UInt64 {
            value &+= 0x0101_0101_0101_0101
            return value
        }
    }

    @Test("A token says what it is for and is read back as the same", arguments: SecretToken.Kind.allCases)
    func roundTrip(kind: SecretToken.Kind) throws {
        let token = SecretToken.random(kind)
        #expect(token.reveal().hasPrefix(kind.rawValue))
        #expect(token.reveal().utf8.count == kind.rawValue.utf8.count + 48)
        #expect(try SecretToken(" \t\(token.reveal())\r\n") == token)
        #expect(token.kind == kind)
    }

    @Test("The checksum is zlib's CRC-32 over prefix and secret, so that other programs can check it")
    func checksum() throws {
        #expect(Checksum.crc32(Array("123456789".utf8)) == 0xCBF4_3926)
        var generator = Counter()
        let text = SecretToken.random(.device, using: &generator).reveal()
        let bytes = try #require(Base64URL.decode(String(text.dropFirst("ddns-device-".count))))
        #expect(
            bytes.suffix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
                == Checksum.crc32(Array("ddns-device-".utf8) + bytes.prefix(32)))
    }

    @Test("A paste that lost its end is called truncated, whatever its length", arguments: [0, 1, 20, 47])
    func truncated(length: Int) throws {
        let text = SecretToken.random(.enrollment).reveal()
        let error = #expect(throws: SecretTokenError.self) {
            try SecretToken(String(text.prefix("ddns-enroll-".count + length)))
        }
        #expect(error?.code == .truncated)
        #expect(error?.message.contains("enrollment token") == true)
    }

    @Test("A changed character, another kind's prefix or characters too many are found by the checksum")
    func mistyped() throws {
        let text = SecretToken.random(.enrollment).reveal()
        var changed = Array(text.utf8)
        changed[20] = changed[20] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
        let wrong = [
            String(decoding: changed, as: UTF8.self), text + "A", text + text,
            text.replacing("ddns-enroll-", with: "ddns-device-"), String(text.dropLast()) + "=",
            String(text.dropLast()) + "é",
        ]
        for text in wrong {
            let error = #expect(throws: SecretTokenError.self) { try SecretToken(text) }
            #expect(error?.code == .mistyped)
        }
    }

    @Test(
        "What is no token of ours is refused without repeating it",
        arguments: ["", "hunter2", "Bearer x", "ddns-other-AAAA"])
    func notAToken(text: String) {
        let error = #expect(throws: SecretTokenError.self) { try SecretToken(text) }
        #expect(error?.code == .notAToken)
        #expect(text.isEmpty || error?.message.contains(text) == false)
    }

    @Test("No way of printing shows the secret")
    func redacted() {
        let token = SecretToken.random(.device)
        let secret = String(token.reveal().dropFirst("ddns-device-".count))
        var dumped = ""
        dump(token, to: &dumped)
        let response = EnrollResponse(name: "a.example", credential: token, checkInAfter: 1)
        for shown in ["\(token)", String(reflecting: token), dumped, "\(response)", String(reflecting: response)] {
            #expect(!shown.contains(secret))
        }
        #expect("\(token)" == "ddns-device-<redacted>")
    }
}
