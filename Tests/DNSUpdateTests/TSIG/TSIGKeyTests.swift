import Testing

@testable import DNSUpdate

@Suite("TSIG keys")
struct TSIGKeyTests {
    private static let name = "key.example"

    @Test(
        "RFC 8945 §8: a secret shorter than the hash's output is weak, one shorter than half of it is refused",
        arguments: [
            (TSIGAlgorithm.hmacSHA256, 32, false), (.hmacSHA256, 31, true), (.hmacSHA256, 16, true),
            (.hmacSHA512, 32, true),
            (.hmacSHA512, 64, false), (.hmacMD5, 10, true), (.hmacMD5, 16, false), (.hmacSHA1, 10, true),
        ])
    func weak(algorithm: TSIGAlgorithm, length: Int, isWeak: Bool) throws {
        let key = try TSIGKey(
            name: DomainName(Self.name), algorithm: algorithm, secret: [UInt8](repeating: 1, count: length))
        #expect(key.isWeak == isWeak)
    }

    @Test(
        "A key that protects nothing is refused",
        arguments: [
            (TSIGAlgorithm.hmacSHA256, 0, nil, TSIGKeyError.Code.emptySecret), (.hmacSHA256, 15, nil, .secretTooShort),
            (.hmacMD5, 9, nil, .secretTooShort), (.hmacSHA512, 31, nil, .secretTooShort),
            (.hmacSHA256, 32, 15, .invalidTruncation), (.hmacSHA256, 32, 33, .invalidTruncation),
            (.hmacSHA256, 32, 0, .invalidTruncation), (.hmacMD5, 16, 9, .invalidTruncation),
        ])
    func refused(algorithm: TSIGAlgorithm, length: Int, macLength: Int?, code: TSIGKeyError.Code) throws {
        let name = try DomainName(Self.name)
        let error = #expect(throws: TSIGKeyError.self) {
            try TSIGKey(
                name: name, algorithm: algorithm, secret: [UInt8](repeating: 0x61, count: length), macLength: macLength)
        }
        #expect(error?.code == code)
        #expect(error?.message.contains("aaaa") == false)
    }

    @Test("A secret shows nowhere: not printed, dumped, mirrored or interpolated")
    func redacted() throws {
        let key = try TSIGKey(
            name: DomainName(Self.name), algorithm: .hmacSHA256, secret: Array("sixteen-octets-of-secret-material".utf8)
        )
        let context = TSIGContext(key: key, requestID: 1, requestMAC: [1], timeSigned: 1, fudge: 1)
        var shown = "\(key) \(key.secret) \(String(reflecting: key)) \(String(reflecting: context)) \(context)"
        dump(key, to: &shown)
        dump(context, to: &shown)
        for trace in ["sixteen", "c2l4dGVlbi", "115, 105", "0x73"] { #expect(!shown.contains(trace)) }
        #expect(shown.contains("<redacted>") && shown.contains("key.example"))
    }

    @Test(
        "A generated key has a secret as long as the hash's output, and another one each time",
        arguments: TSIGAlgorithm.all)
    func generated(algorithm: TSIGAlgorithm) throws {
        var generator = SeededGenerator(seed: 1)
        let name = try DomainName(Self.name)
        let first = try TSIGKey.generate(name: name, algorithm: algorithm, using: &generator)
        let second = try TSIGKey.generate(name: name, algorithm: algorithm, using: &generator)
        #expect(first.secret.bytes.count == algorithm.hashLength && !first.isWeak && first.secret != second.secret)
        let file = try TSIGKeyFile(Array(first.configurationText.utf8), path: "x")
        #expect(file.keys == [first])
    }

    @Test(
        "BIND's `algorithm NAME-BITS;` cuts the MAC and leaves the name in messages alone",
        arguments: [
            ("hmac-sha256", "hmac-sha256", 32), ("HMAC-SHA1", "hmac-sha1", 20), ("hmac-sha256-128", "hmac-sha256", 16),
            ("hmac-sha512-256", "hmac-sha512", 32), ("hmac-sha256-256", "hmac-sha256", 32),
            ("hmac-md5", "hmac-md5.sig-alg.reg.int", 16), ("hmac-md5.sig-alg.reg.int", "hmac-md5.sig-alg.reg.int", 16),
            ("hmac-md5.sig-alg.reg.int.", "hmac-md5.sig-alg.reg.int", 16),
            ("hmac-md5-80", "hmac-md5.sig-alg.reg.int", 10),
            ("hmac-sha256-0128", "hmac-sha256", 16),
        ])
    func configuration(text: String, wireName: String, macLength: Int) throws {
        let parsed = try #require(TSIGAlgorithm.parse(configuration: text))
        #expect(parsed.0.wireName == wireName && parsed.macLength == macLength)
        #expect(parsed.0.name == (try DomainName(wireName)))
    }

    @Test(
        "What BIND does not know as an algorithm, neither do we",
        arguments: [
            "", "hmac", "sha256", "hmac-sha257", "hmac-sha256.", "hmac-sha256-", "hmac-sha256-130", "hmac-sha256-264",
            "hmac-sha256-+128", "hmac-sha256--128", "hmac-sha256-128-1", "hmac-sha256 ", "gss-tsig", "hmac-sha1x",
            "hmac-sha256-99999999999999999999",
        ])
    func unknownAlgorithm(text: String) {
        #expect(TSIGAlgorithm.parse(configuration: text) == nil)
    }

    @Test(
        "RFC 4648 §10: base64",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ])
    func base64(text: String, encoded: String) {
        #expect(Base64.encode(Array(text.utf8)) == encoded)
        #expect(Base64.decode(encoded.utf8) == Array(text.utf8))
        #expect(Base64.decode(" \(encoded)\n".utf8) == Array(text.utf8))
    }

    @Test(
        "RFC 4648 §3: what is not canonical base64 is refused",
        arguments: ["Z", "Zg", "Zg=", "Z===", "Zh==", "Zm9=", "Zg==Zg==", "Zm9v!", "Zm-v", "====", "Zg=a"])
    func notBase64(text: String) {
        #expect(Base64.decode(text.utf8) == nil)
    }
}
