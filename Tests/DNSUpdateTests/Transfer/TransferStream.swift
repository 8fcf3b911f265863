import TestSupport

@testable import DNSUpdate

/// The messages of a zone transfer, as a server would send them, or with one thing wrong.
struct TransferStream {
    static let zone = "devices.example.com"
    static let requestID: UInt16 = 0x1234
    static let now: UInt64 = 1_000_000

    let source: ZoneTransfer.Source
    let query: QueryMessage
    let request: TSIGContext?
    var settings = ZoneTransfer.Settings()

    init(key: TSIGKey? = TestKeys.sha256) throws {
        let name = try DomainName(Self.zone)
        source = ZoneTransfer.Source(
            zone: name, server: DNSEndpoint(.v4(IPv4Address(rawValue: 0x7F00_0001)), port: 53), key: key)
        let query = QueryMessage(name: name, type: .axfr, id: Self.requestID, payloadSize: nil)
        self.query = query
        request = try key.map { try TSIGSigner.sign(query.wire(), key: $0, now: Self.now).context }
    }

    static func soa(serial: UInt32 = 7, zone: String = zone) throws -> ResourceRecord {
        let name = try DomainName(zone)
        return ResourceRecord(
            name: name, ttl: 60,
            data: .soa(
                StartOfAuthority(
                    primaryName: name, responsibleName: name, serial: SerialNumber(rawValue: serial), refresh: 1,
                    retry: 2, expire: 3, minimum: 4)))
    }

    static func address(_ name: String, _ last: UInt8 = 1) throws -> ResourceRecord {
        ResourceRecord(
            name: try DomainName(name), ttl: 60, data: .a(IPv4Address(rawValue: 0x0A00_0000 | UInt32(last))))
    }

    /// One unsigned message with these answers.
    func message(
        _ records: [ResourceRecord], id: UInt16 = requestID, flags: UInt16 = 0x8400, asks: RecordType? = nil
    ) -> [UInt8] {
        var message = TestMessage(id: id, flags: flags, counts: [asks == nil ? 0 : 1, UInt16(records.count), 0, 0])
        if let asks { message = message.question(source.zone.wireBytes, asks) }
        for record in records {
            message = message.record(
                record.name.wireBytes, record.type, record.data.wireBytes, recordClass: record.recordClass)
        }
        return message.bytes
    }

    /// A server's side of the signatures (RFC 8945 §5.3.1).
    struct Signer {
        var priorMAC: [UInt8]
        var unsigned: [UInt8] = []
        var isFirst = true
        var key: TSIGKey
        var timeSigned = TransferStream.now

        init(_ context: TSIGContext) {
            priorMAC = context.requestMAC
            key = context.key
        }

        mutating func skip(_ message: [UInt8]) -> [UInt8] {
            unsigned += message
            return message
        }

        mutating func sign(_ message: [UInt8]) throws -> [UInt8] {
            let variables = TSIGVariables(
                keyName: key.name, algorithmName: key.algorithm.name, timeSigned: timeSigned, fudge: 300,
                error: .noError, otherData: [])
            let input =
                TSIGVariables.requestMAC(priorMAC) + unsigned + message
                + (isFirst ? variables.bytes : variables.timers)
            guard let mac = key.algorithm.authenticationCode(for: input, secret: key.secret.bytes) else {
                throw TestFailure("no MAC")
            }
            (priorMAC, unsigned, isFirst) = (mac, [], false)
            var rdata = key.algorithm.name.wireBytes + variables.timers + UInt16(mac.count).bigEndianBytes + mac
            rdata += message[0..<2] + [0, 0, 0, 0]
            var signed = TestMessage(counts: [])
            signed.bytes = message
            signed = signed.record(key.name.wireBytes, .tsig, rdata, recordClass: .any, ttl: 0)
            signed.bytes[11] += 1
            return signed.bytes
        }
    }

    /// The messages, each signed.
    func signed(_ messages: [[UInt8]]) throws -> [[UInt8]] {
        guard let request else { return messages }
        var signer = Signer(request)
        return try messages.map { try signer.sign($0) }
    }

    /// Feeds the messages to a reader and returns all that it let out.
    func read(_ messages: [[UInt8]]) throws(TransferFailure) -> (records: [ResourceRecord], isComplete: Bool) {
        var reader = TransferReader(source, query: query, request: request, settings: settings)
        var records: [ResourceRecord] = []
        for message in messages { records += try reader.read(message, now: Self.now) }
        return (records, reader.isComplete)
    }

    /// Why a reader does not take the messages; nil if it does.
    func failure(_ messages: [[UInt8]]) -> TransferFailure? {
        do throws(TransferFailure) {
            _ = try read(messages)
            return nil
        } catch {
            return error
        }
    }
}
