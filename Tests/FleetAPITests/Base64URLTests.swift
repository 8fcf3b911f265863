import Testing

@testable import FleetAPI

struct Base64URLTests {
    @Test(
        "RFC 4648 §5 and §10, without padding",
        arguments: [
            ([], ""), (Array("f".utf8), "Zg"), (Array("fo".utf8), "Zm8"), (Array("foo".utf8), "Zm9v"),
            (Array("foob".utf8), "Zm9vYg"), (Array("fooba".utf8), "Zm9vYmE"), (Array("foobar".utf8), "Zm9vYmFy"),
            ([0xFB, 0xEF, 0xFF], "--__"), ([0, 0, 0], "AAAA"),
        ] as [([UInt8], String)])
    func vectors(bytes: [UInt8], text: String) {
        #expect(Base64URL.encode(bytes) == text)
        #expect(Base64URL.decode(text) == bytes)
    }

    @Test(
        "what is not of the alphabet, or of no length that octets have, is refused",
        arguments: [
            "A", "AAAAA", "Zg==", "Zm9v\n", "+/AA", "Zm 9", "Zm9ü", "\u{0}AAA",
        ])
    func refused(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }

    @Test("every octet survives at every place")
    func everyOctet() {
        for byte in UInt8.min...UInt8.max {
            for place in 0..<4 {
                var bytes: [UInt8] = [1, 2, 3, 4]
                bytes[place] = byte
                #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
            }
        }
    }
}
