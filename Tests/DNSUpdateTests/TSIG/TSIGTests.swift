import Testing

@testable import DNSUpdate

@Suite("TSIG (RFC 8945)")
struct TSIGTests {
    private static let now: UInt64 = 1_000_000

    private static func request(
        _ key: TSIGKey, id: UInt16 = 0x1234
    ) throws -> (answer: [UInt8], context: TSIGContext) {
        let update = UpdateMessage(zone: try DomainName("example"))
        let context = try TSIGSigner.sign(update.wire(id: id), key: key, now: now).context
        return (TestMessage(id: id, flags: 0xA800).bytes, context)
    }

    // MARK: - Signing

    @Test("§4.2, §4.3: the record is laid out, and the digest covers, what the RFC says", arguments: TSIGAlgorithm.all)
    func layout(algorithm: TSIGAlgorithm) throws {
        let key = TestKeys.make("Key.Example", algorithm)
        let unsigned = try UpdateMessage(zone: DomainName("example")).wire(id: 0x1234)
        let signed = try TSIGSigner.sign(unsigned, key: key, now: 0x0001_0203_0405, fudge: 7)
        let rdata =
            algorithm.name.wireBytes.hex + "000102030405" + "0007" + UInt16(algorithm.macLength).bigEndianBytes.hex
            + signed.context.requestMAC.hex + "1234" + "0000" + "0000"
        let head = "034b6579" + "074578616d706c6500" + "00fa" + "00ff" + "00000000"
        let length = UInt16(rdata.utf8.count / 2).bigEndianBytes.hex
        #expect(signed.wire.hex == "123428000001000000000001" + unsigned.hex.dropFirst(24) + head + length + rdata)
        let covered =
            unsigned.hex + "036b6579" + "076578616d706c6500" + "00ff" + "00000000" + algorithm.name.wireBytes.hex
            + "000102030405" + "0007" + "0000" + "0000"
        let bytes = try #require([UInt8](hex: covered))
        #expect(algorithm.authenticationCode(for: bytes, secret: key.secret.bytes) == signed.context.requestMAC)
        #expect(signed.context.timeSigned == 0x0001_0203_0405 && signed.context.fudge == 7)
    }

    @Test(
        "RFC 4231 §4.2, RFC 2202: HMAC test vectors",
        arguments: [
            (TSIGAlgorithm.hmacSHA224, "896fb1128abbdf196832107cd49df33f47b4b1169912ba4f53684b22"),
            (.hmacSHA256, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                .hmacSHA384,
                "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6"
            ),
            (
                .hmacSHA512,
                "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4"
                    + "be9d914eeb61f1702e696c203a126854"
            ),
            (.hmacSHA1, "b617318655057264e28bc0b6fb378c8ef146be00"),
            (.hmacMD5, "9294727a3638bb1c13f48ef8158bfc9d"),
        ])
    func vectors(algorithm: TSIGAlgorithm, expected: String) {
        let secret = [UInt8](repeating: 0x0B, count: algorithm == .hmacMD5 ? 16 : 20)
        #expect(algorithm.authenticationCode(for: Array("Hi There".utf8), secret: secret)?.hex == expected)
    }

    @Test("§5.1: exactly one TSIG; a signed message is not signed again, and the unsigned one stays as it was")
    func signedOnce() throws {
        let unsigned = try UpdateMessage(zone: DomainName("example")).wire(id: 1)
        let first = try TSIGSigner.sign(unsigned, key: TestKeys.sha256, now: Self.now)
        let second = try TSIGSigner.sign(unsigned, key: TestKeys.sha256, now: Self.now + 1)
        #expect(first.wire.count == second.wire.count && first.wire != second.wire)
        let error = #expect(throws: MessageError.self) {
            try TSIGSigner.sign(first.wire, key: TestKeys.sha256, now: Self.now)
        }
        #expect(error?.code == .malformedTSIG)
    }

    @Test("EDNS is signed with the rest, the TSIG comes after it")
    func signedQuery() throws {
        let query = QueryMessage(name: try DomainName("a"), type: .soa, id: 7)
        let signed = try TSIGSigner.sign(query.wire(), key: TestKeys.sha256, now: Self.now)
        let layout = try MessageLayout(of: signed.wire, limit: 4096)
        #expect(layout.opt != nil && layout.tsig != nil && layout.header.additionalCount == 2)
    }

    @Test("What is no message, or would be too long, is not signed")
    func unsignable() throws {
        for bytes in [[], [0, 1, 2], TestMessage(counts: [1, 0, 0, 0]).bytes] as [[UInt8]] {
            #expect(throws: MessageError.self) { try TSIGSigner.sign(bytes, key: TestKeys.sha256, now: Self.now) }
        }
        let big = TestMessage(flags: 0x2800, counts: [0, 1, 0, 0]).record(
            TestMessage.name("a"), RecordType(rawValue: 65280), [UInt8](repeating: 0, count: 65_480))
        let error = #expect(throws: MessageError.self) {
            try TSIGSigner.sign(big.bytes, key: TestKeys.sha256, now: Self.now)
        }
        #expect(error?.code == .tooLarge)
    }

    // MARK: - Verifying

    @Test(
        "§5.3: an answer signed over the request's MAC is accepted, under every algorithm",
        arguments: TestKeys.algorithms)
    func verified(algorithm: TSIGAlgorithm) throws {
        let key = TestKeys.make("key.example", algorithm)
        let (answer, context) = try Self.request(key)
        let signed = try TestServer(key).sign(answer, context)
        #expect(TSIGVerifier.verify(signed, to: context, now: Self.now) == .verified(timeSigned: Self.now))
        var other = try Self.request(key, id: 0x4321).context
        #expect(other.requestMAC != context.requestMAC)
        #expect(TSIGVerifier.verify(signed, to: other, now: Self.now) == .otherRequest(id: 0x1234))
        // The same ID again, later: the request's MAC differs.
        let update = UpdateMessage(zone: try DomainName("example"))
        other = try TSIGSigner.sign(update.wire(id: 0x1234), key: key, now: Self.now + 1).context
        #expect(TSIGVerifier.verify(signed, to: other, now: Self.now) == .wrongMAC)
    }

    @Test("Every octet of an answer counts: one bit changed, and it is not accepted")
    func everyOctet() throws {
        let (answer, context) = try Self.request(TestKeys.sha256)
        let signed = try TestServer(TestKeys.sha256).sign(answer, context)
        // No question, so the TSIG's owner follows the header; ten octets of fields, then the algorithm's name.
        let owner = 12..<12 + TestKeys.sha256.name.wireBytes.count
        let algorithm = owner.upperBound + 10..<owner.upperBound + 10 + TSIGAlgorithm.hmacSHA256.name.wireBytes.count
        for index in signed.indices {
            for bit in 0..<8 {
                var altered = signed
                altered[index] ^= 1 << bit
                // A changed header ID is what forwarders do (§4.3.2); the case of the two names is not covered (§4.3.3).
                let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(signed[index])
                let isCase = bit == 5 && isLetter && (owner.contains(index) || algorithm.contains(index))
                let verdict = TSIGVerifier.verify(altered, to: context, now: Self.now)
                let isVerified = verdict == .verified(timeSigned: Self.now)
                #expect(isVerified == (index < 2 || isCase), "octet \(index), bit \(bit): \(verdict)")
            }
        }
    }

    @Test("§4.3.2: the Original ID is digested; the header's may differ if the Original ID is ours")
    func originalID() throws {
        let (answer, context) = try Self.request(TestKeys.sha256)
        var server = TestServer(TestKeys.sha256)
        server.headerID = 0xFFFF
        let forwarded = try server.sign(answer, context)
        #expect(TSIGVerifier.verify(forwarded, to: context, now: Self.now) == .verified(timeSigned: Self.now))
        // The other way round: the forwarder signed on with an ID of its own and restored ours in the header.
        server.headerID = context.requestID
        let restored = try server.sign(TestMessage(id: 0x7777, flags: 0xA800).bytes, context)
        #expect(TSIGVerifier.verify(restored, to: context, now: Self.now) == .verified(timeSigned: Self.now))
        server.headerID = 0xFFFF
        let foreign = try server.sign(TestMessage(id: 0x7777, flags: 0xA800).bytes, context)
        #expect(TSIGVerifier.verify(foreign, to: context, now: Self.now) == .otherRequest(id: 0xFFFF))
    }

    @Test(
        "§5.2.3: an answer signed outside the fudge is refused, in either direction",
        arguments: [(-301, false), (-300, true), (0, true), (300, true), (301, false), (3600, false)])
    func fudge(offset: Int64, isAccepted: Bool) throws {
        let (answer, context) = try Self.request(TestKeys.sha256)
        let signed = try TestServer(TestKeys.sha256).sign(answer, context)
        let ours = UInt64(Int64(Self.now) + offset)
        let verdict = TSIGVerifier.verify(signed, to: context, now: ours)
        if isAccepted {
            #expect(verdict == .verified(timeSigned: Self.now))
        } else {
            #expect(verdict == .outsideFudge(ClockComparison(server: Self.now, ours: ours, fudge: 300)))
            #expect(ClockComparison(server: Self.now, ours: ours, fudge: 300).skew == offset)
        }
    }

    @Test(
        "§5.2.3: times are 48 bits wide, and their extremes do not trap",
        arguments: [0, 1, 0xFFFF_FFFF_FFFF, .max] as [UInt64])
    func extremeTimes(now: UInt64) throws {
        let (answer, context) = try Self.request(TestKeys.sha256)
        var server = TestServer(TestKeys.sha256)
        server.timeSigned = 0xFFFF_FFFF_FFFF
        let verdict = TSIGVerifier.verify(try server.sign(answer, context), to: context, now: now)
        if now == 0xFFFF_FFFF_FFFF {
            #expect(verdict == .verified(timeSigned: now))
        } else {
            guard case .outsideFudge = verdict else {
                Issue.record("\(verdict)")
                return
            }
        }
        let signed = try TSIGSigner.sign(answer, key: TestKeys.sha256, now: now)
        #expect(signed.context.timeSigned == now & 0xFFFF_FFFF_FFFF)
    }

    @Test("§5.2.1: another key or another algorithm is named, before its MAC is looked at")
    func otherKey() throws {
        let (answer, context) = try Self.request(TestKeys.sha256)
        var server = TestServer(TestKeys.sha256)
        server.keyName = try DomainName("other.example")
        #expect(
            TSIGVerifier.verify(try server.sign(answer, context), to: context, now: Self.now)
                == .otherKey(server.keyName))
        server = TestServer(TestKeys.make("key.example", .hmacSHA512))
        #expect(
            TSIGVerifier.verify(try server.sign(answer, context), to: context, now: Self.now)
                == .otherAlgorithm(TSIGAlgorithm.hmacSHA512.name))
        // RFC 4343: the case of the key's name is no difference.
        server = TestServer(TestKeys.sha256)
        server.keyName = try DomainName("KEY.example")
        #expect(
            TSIGVerifier.verify(try server.sign(answer, context), to: context, now: Self.now)
                == .verified(timeSigned: Self.now))
    }

    @Test("§5.2.2: another secret is a wrong MAC; no MAC at all is no signature")
    func wrongMAC() throws {
        let (answer, context) = try Self.request(TestKeys.sha256)
        let other = try TSIGKey(
            name: TestKeys.sha256.name, algorithm: .hmacSHA256, secret: [UInt8](repeating: 1, count: 32))
        #expect(
            TSIGVerifier.verify(try TestServer(other).sign(answer, context), to: context, now: Self.now) == .wrongMAC)
        var server = TestServer(TestKeys.sha256)
        server.macLength = 0
        #expect(TSIGVerifier.verify(try server.sign(answer, context), to: context, now: Self.now) == .wrongMAC)
        #expect(TSIGVerifier.verify(answer, to: context, now: Self.now) == .missing)
        // Signed as a request is, without the request's MAC.
        let request = try TSIGSigner.sign(answer, key: TestKeys.sha256, now: Self.now).wire
        #expect(TSIGVerifier.verify(request, to: context, now: Self.now) == .wrongMAC)
    }

    @Test(
        "§5.2.2.1, §5.2.4: a MAC is cut to what the key allows, and never below half the hash or ten octets",
        arguments: [
            (TSIGAlgorithm.hmacSHA256, 32, 16, TruncationOutcome.short), (.hmacSHA256, 32, 31, .short),
            (.hmacSHA256, 32, 15, .malformed), (.hmacSHA256, 16, 16, .verified), (.hmacSHA256, 16, 32, .verified),
            (.hmacSHA256, 20, 16, .short), (.hmacMD5, 16, 10, .short), (.hmacMD5, 16, 8, .malformed),
            (.hmacMD5, 10, 10, .verified), (.hmacSHA1, 10, 10, .verified), (.hmacSHA1, 20, 9, .malformed),
            (.hmacSHA224, 14, 14, .verified), (.hmacSHA384, 24, 24, .verified), (.hmacSHA512, 32, 32, .verified),
        ])
    func truncation(algorithm: TSIGAlgorithm, allowed: Int, sent: Int, outcome: TruncationOutcome) throws {
        let key = TestKeys.make("key.example", algorithm, macLength: allowed)
        let (answer, context) = try Self.request(key)
        #expect(context.requestMAC.count == allowed)
        var server = TestServer(key)
        server.macLength = sent
        let verdict = TSIGVerifier.verify(try server.sign(answer, context), to: context, now: Self.now)
        switch outcome {
        case .verified: #expect(verdict == .verified(timeSigned: Self.now))
        case .short: #expect(verdict == .shortMAC(octets: sent, required: allowed))
        case .malformed:
            guard case .malformed = verdict else {
                Issue.record("\(verdict)")
                return
            }
        }
    }

    enum TruncationOutcome { case verified, short, malformed }

    @Test("A MAC longer than the hash is a format error")
    func longMAC() throws {
        let (_, context) = try Self.request(TestKeys.sha256)
        let message = TestMessage(counts: [0, 0, 0, 1]).tsig(
            context.key.name.wireBytes, mac: [UInt8](repeating: 0, count: 33))
        guard case .malformed = TSIGVerifier.verify(message.bytes, to: context, now: 1) else {
            Issue.record("accepted")
            return
        }
    }

    @Test(
        "§5.3.2: BADKEY and BADSIG come unsigned, and are reported as such", arguments: [ResponseCode.badKey, .badSig])
    func unsignedErrors(error: ResponseCode) throws {
        let (_, context) = try Self.request(TestKeys.sha256)
        let message = TestMessage(flags: 0xA809, counts: [0, 0, 0, 1]).tsig(context.key.name.wireBytes, error: error)
        #expect(
            TSIGVerifier.verify(message.bytes, to: context, now: Self.now)
                == .refused(TSIGRefusal(error: error, isSigned: false, clocks: nil)))
    }

    @Test("§5.2.3: BADTIME is signed and tells the server's clock; the skew has a sign")
    func badTime() throws {
        let (_, context) = try Self.request(TestKeys.sha256)
        var server = TestServer(TestKeys.sha256)
        server.error = .badTime
        server.otherData = (Self.now + 3600).bigEndianBytes.suffix(6)
        let answer = try server.sign(TestMessage(flags: 0xA809).bytes, context)
        guard case .refused(let refusal) = TSIGVerifier.verify(answer, to: context, now: Self.now) else {
            Issue.record("not refused")
            return
        }
        #expect(refusal.isSigned && refusal.error == .badTime && refusal.clocks?.skew == -3600)
        #expect(refusal.clocks?.server == Self.now + 3600 && refusal.clocks?.ours == Self.now)
        // Forged: anybody can say so, nobody is believed to have signed it.
        var forged = answer
        forged[forged.count - 1] ^= 1
        #expect(TSIGVerifier.verify(forged, to: context, now: Self.now) == .wrongMAC)
    }

    @Test("§5.2.4: BADTRUNC is signed")
    func badTruncation() throws {
        let (_, context) = try Self.request(TestKeys.sha256)
        var server = TestServer(TestKeys.sha256)
        server.error = .badTrunc
        let answer = try server.sign(TestMessage(flags: 0xA809).bytes, context)
        #expect(
            TSIGVerifier.verify(answer, to: context, now: Self.now)
                == .refused(TSIGRefusal(error: .badTrunc, isSigned: true, clocks: nil)))
    }
}
