import TestSupport
import Testing

@testable import DNSUpdate

/// A transfer that is not whole, not signed or not the zone's is a failure, never a smaller zone.
@Suite("Reading a zone transfer")
struct TransferReaderTests {
    private let stream: TransferStream
    private let soa: ResourceRecord
    private let one: ResourceRecord
    private let two: ResourceRecord

    init() throws {
        stream = try TransferStream()
        soa = try TransferStream.soa()
        one = try TransferStream.address("one.devices.example.com")
        two = try TransferStream.address("two.devices.example.com")
    }

    @Test("RFC 5936 §2.2: one message or many, the SOA opens and closes the zone")
    func whole() throws {
        let shapes: [[[ResourceRecord]]] = [
            [[soa, one, two, soa]], [[soa], [one], [two], [soa]], [[soa, one], [two, soa]],
        ]
        for shape in shapes {
            let messages = try stream.signed(shape.map { stream.message($0) })
            let read = try stream.read(messages)
            #expect(read.records == [soa, one, two])
            #expect(read.isComplete)
        }
    }

    @Test("RFC 8945 §5.3.1: up to 99 messages without a TSIG are taken between two with one, and 100 are not")
    func unsignedBetween() throws {
        let request = try #require(stream.request)
        for (count, isTaken) in [(1, true), (99, true), (100, false)] {
            var signer = TransferStream.Signer(request)
            var messages = [try signer.sign(stream.message([soa]))]
            for index in 0..<count {
                let record = try TransferStream.address("dev\(index).devices.example.com")
                messages.append(signer.skip(stream.message([record])))
            }
            messages.append(try signer.sign(stream.message([one, soa])))
            guard isTaken else {
                #expect(stream.failure(messages)?.code == .notTrusted)
                continue
            }
            let read = try stream.read(messages)
            #expect(read.records.count == count + 2)
            #expect(read.isComplete)
            // What no signature covers yet is not let out.
            let early = try stream.read(Array(messages.dropLast()))
            #expect(early.records == [soa])
        }
    }

    @Test("RFC 8945 §5.3.1: a message that is altered, left out, repeated, moved or put in fails the transfer")
    func tampering() throws {
        let messages = try stream.signed([[soa], [one], [two], [soa]].map { stream.message($0) })
        let foreign = stream.message([try TransferStream.address("evil.devices.example.com", 66)])
        var altered = messages
        altered[1][altered[1].count - 100] ^= 1
        let tampered: [[[UInt8]]] = [
            altered,
            [messages[0], messages[2], messages[3]],
            [messages[0], messages[1], messages[1], messages[2], messages[3]],
            [messages[0], messages[2], messages[1], messages[3]],
            [messages[0], foreign, messages[1], messages[2], messages[3]],
            [foreign] + messages,
        ]
        for messages in tampered {
            let failure = try #require(stream.failure(messages))
            #expect([.notTrusted, .malformed].contains(failure.code), "\(failure)")
        }
    }

    @Test("RFC 8945 §5.3.1: the first and the last message must be signed")
    func endsAreSigned() throws {
        let request = try #require(stream.request)
        #expect(stream.failure([stream.message([soa, one, soa])])?.code == .notTrusted)
        var signer = TransferStream.Signer(request)
        let open = [try signer.sign(stream.message([soa, one])), signer.skip(stream.message([two, soa]))]
        #expect(stream.failure(open)?.code == .notTrusted)
    }

    @Test("RFC 8945 §5.2: another key, another time, another request's signature are not believed")
    func otherSignatures() throws {
        let request = try #require(stream.request)
        let message = stream.message([soa, one, soa])
        var wrongKey = TransferStream.Signer(request)
        wrongKey.key = TestKeys.make("other.example", .hmacSHA256)
        var wrongTime = TransferStream.Signer(request)
        wrongTime.timeSigned = TransferStream.now - 301
        var otherRequest = TransferStream.Signer(request)
        otherRequest.priorMAC[0] ^= 1
        for signer in [wrongKey, wrongTime, otherRequest] {
            var signer = signer
            let forged = try signer.sign(message)
            #expect(stream.failure([forged])?.code == .notTrusted)
        }
    }

    @Test("RFC 5936 §2.2: what is no transfer of this zone is refused, however well it is signed")
    func malformed() throws {
        let other = try TransferStream.soa(zone: "example.net")
        let later = try TransferStream.soa(serial: 8)
        let child = try TransferStream.soa(zone: "child.devices.example.com")
        let outside = try TransferStream.address("one.example.net")
        var chaos = one
        chaos.recordClass = RecordClass(rawValue: 3)
        let cases: [(name: String, messages: [[UInt8]], code: TransferFailure.Code)] = [
            ("empty", [stream.message([soa, soa])], .empty),
            ("empty, in two messages", [stream.message([soa]), stream.message([soa])], .empty),
            ("no SOA first", [stream.message([one, soa])], .malformed),
            ("another zone", [stream.message([other, one, other])], .otherZone),
            ("a child's SOA inside", [stream.message([soa, one, child, soa])], .malformed),
            ("another serial at the end", [stream.message([soa, one, later])], .changed),
            ("a name outside the zone", [stream.message([soa, outside, soa])], .malformed),
            ("another class", [stream.message([soa, chaos, soa])], .malformed),
            ("a record after the end", [stream.message([soa, one, soa, two])], .malformed),
            ("a message after the end", [stream.message([soa, one, soa]), stream.message([two])], .malformed),
            ("no record", [stream.message([])], .malformed),
            ("cut short (TC)", [stream.message([soa, one, soa], flags: 0x8600)], .malformed),
            ("another ID", [stream.message([soa, one, soa], id: 0x4321)], .malformed),
            ("another question", [stream.message([soa, one, soa], asks: .soa)], .malformed),
            ("another opcode", [stream.message([soa, one, soa], flags: 0xAC00)], .malformed),
            ("a request", [stream.message([soa, one, soa], flags: 0x0400)], .malformed),
            ("REFUSED", [stream.message([], flags: 0x8005)], .refused),
            ("NOTAUTH", [stream.message([], flags: 0x8009)], .notAuthoritative),
            (
                "SERVFAIL in the middle", [stream.message([soa, one]), stream.message([], flags: 0x8002)],
                .serverFailure
            ),
        ]
        let unsigned = try TransferStream(key: nil)
        for (name, messages, code) in cases {
            let signed = try stream.signed(messages)
            #expect(stream.failure(signed)?.code == code, "\(name)")
            #expect(unsigned.failure(messages)?.code == code, "\(name), unsigned")
        }
    }

    @Test("A zone without end is given up at the limit of records, and of octets")
    func limits() throws {
        var stream = try TransferStream(key: nil)
        stream.settings.maximumRecords = 3
        let endless = [stream.message([soa])] + Array(repeating: stream.message([one, two]), count: 10)
        #expect(stream.failure(endless)?.code == .tooLarge)
        stream.settings.maximumRecords = .max
        stream.settings.maximumOctets = 400
        #expect(stream.failure(endless)?.code == .tooLarge)
    }

    @Test("RFC 8945 §5.3.2: an unsigned TSIG error is reported as what it is")
    func signatureRefused() throws {
        var answer = TestMessage(id: TransferStream.requestID, flags: 0x8009, counts: [0, 0, 0, 1])
        answer = answer.tsig(TestKeys.sha256.name.wireBytes, error: .badKey)
        #expect(stream.failure([answer.bytes])?.code == .signatureRefused)
    }
}
