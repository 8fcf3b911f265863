/// The OPT pseudo-record of a message (RFC 6891 §6.1).
package struct EDNS: Hashable, Sendable {
    /// One option; the code's meaning is in the IANA registry (11: edns-tcp-keepalive, RFC 7828).
    package struct Option: Hashable, Sendable {
        package let code: UInt16
        package let data: [UInt8]
    }

    /// The largest UDP payload the sender takes, in octets.
    package let payloadSize: UInt16
    /// The upper eight bits of the response code.
    package let extendedCode: UInt8
    package let version: UInt8
    /// DO (RFC 3225).
    package let dnssecOK: Bool
    package let options: [Option]

    init(_ record: MessageLayout.Record, in message: [UInt8]) throws(MessageError) {
        payloadSize = record.recordClass.rawValue
        extendedCode = UInt8(record.ttl >> 24)
        version = UInt8(record.ttl >> 16 & 0xFF)
        dnssecOK = record.ttl & 0x8000 != 0
        var reader = ByteReader(Array(message[record.rdata]))
        var options: [Option] = []
        while !reader.isAtEnd {
            guard let code = reader.readUInt16(), let length = reader.readUInt16(),
                let data = reader.read(Int(length))
            else { throw .malformed("an EDNS option exceeds its record") }
            options.append(Option(code: code, data: data))
        }
        self.options = options
    }
}
