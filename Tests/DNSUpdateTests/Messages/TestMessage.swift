@testable import DNSUpdate

/// Writes messages octet by octet, so that a test can write what no encoder would.
struct TestMessage {
    var bytes: [UInt8]

    /// A header; the counts are what the test says, whatever follows.
    init(id: UInt16 = 0x1234, flags: UInt16 = 0x8400, counts: [UInt16] = [0, 0, 0, 0]) {
        bytes = ([id, flags] + counts).flatMap(\.bigEndianBytes)
    }

    func appending(_ more: [UInt8]) -> TestMessage {
        var message = self
        message.bytes += more
        return message
    }

    func question(_ name: [UInt8], _ type: RecordType = .txt) -> TestMessage {
        appending(name + type.rawValue.bigEndianBytes + RecordClass.internet.rawValue.bigEndianBytes)
    }

    func record(
        _ name: [UInt8], _ type: RecordType, _ rdata: [UInt8], recordClass: RecordClass = .internet, ttl: UInt32 = 60
    ) -> TestMessage {
        appending(
            name + type.rawValue.bigEndianBytes + recordClass.rawValue.bigEndianBytes + ttl.bigEndianBytes
                + UInt16(rdata.count).bigEndianBytes + rdata)
    }

    func tsig(
        _ name: [UInt8], algorithm: [UInt8] = TSIGAlgorithm.hmacSHA256.name.wireBytes, mac: [UInt8] = [],
        error: ResponseCode = .noError, recordClass: RecordClass = .any, ttl: UInt32 = 0
    ) -> TestMessage {
        var rdata = algorithm + [0, 0, 0, 0, 0, 1] + [0, 1] + UInt16(mac.count).bigEndianBytes + mac
        rdata += [0x12, 0x34] + error.rawValue.bigEndianBytes + [0, 0]
        return record(name, .tsig, rdata, recordClass: recordClass, ttl: ttl)
    }

    /// One label and the root.
    static func name(_ label: String) -> [UInt8] {
        [UInt8(label.utf8.count)] + Array(label.utf8) + [0]
    }
}

/// A generator that gives the same numbers in every run (splitmix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}

extension [UInt8] {
    init?(hex: some StringProtocol) {
        let digits = hex.utf8.map { UInt8(String(Unicode.Scalar($0)), radix: 16) }
        guard digits.count.isMultiple(of: 2) else { return nil }
        self = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = digits[index], let low = digits[index + 1] else { return nil }
            append(high << 4 | low)
        }
    }

    var hex: String { map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
}
