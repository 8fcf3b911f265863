/// The TSIG record of a message (RFC 8945 §4.2), as received.
package struct TSIGRecord: Hashable, Sendable {
    package let keyName: DomainName
    package let algorithmName: DomainName
    /// Seconds since the epoch, 48 bits.
    package let timeSigned: UInt64
    /// Seconds that the clocks may differ.
    package let fudge: UInt16
    package let mac: [UInt8]
    /// The message ID when it was signed; a forwarder may have changed the header's.
    package let originalID: UInt16
    package let error: ResponseCode
    package let otherData: [UInt8]

    /// The server's clock, which a BADTIME error carries (RFC 8945 §5.2.3).
    package var serverTime: UInt64? {
        guard error == .badTime, otherData.count == 6 else { return nil }
        var reader = ByteReader(otherData)
        return reader.readUInt48()
    }

    init(_ record: MessageLayout.Record, in message: [UInt8]) throws(MessageError) {
        // RFC 8945 §4.2: class ANY, TTL 0.
        guard record.recordClass == .any, record.ttl == 0 else { throw .malformedTSIG("its class or TTL is wrong") }
        var scanner = MessageScanner(message, at: record.start)
        keyName = try scanner.readName()
        var reader = ByteReader(Array(message[record.rdata]))
        guard let algorithmName = reader.readUncompressedName(), let timeSigned = reader.readUInt48(),
            let fudge = reader.readUInt16(), let macLength = reader.readUInt16(),
            let mac = reader.read(Int(macLength)), let originalID = reader.readUInt16(),
            let error = reader.readUInt16(), let otherLength = reader.readUInt16(),
            let otherData = reader.read(Int(otherLength)), reader.isAtEnd
        else { throw .malformedTSIG("its data does not fill its length") }
        self.algorithmName = algorithmName
        self.timeSigned = timeSigned
        self.fudge = fudge
        self.mac = mac
        self.originalID = originalID
        self.error = ResponseCode(rawValue: error)
        self.otherData = otherData
    }
}
