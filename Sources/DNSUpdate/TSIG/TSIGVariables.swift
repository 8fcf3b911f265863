/// The fields of a TSIG that its MAC covers (RFC 8945 §4.3.3).
struct TSIGVariables {
    let keyName: DomainName
    let algorithmName: DomainName
    let timeSigned: UInt64
    let fudge: UInt16
    let error: ResponseCode
    let otherData: [UInt8]

    /// All of them, names in canonical form.
    var bytes: [UInt8] {
        keyName.canonical.wireBytes + RecordClass.any.rawValue.bigEndianBytes + UInt32(0).bigEndianBytes
            + algorithmName.canonical.wireBytes + timers + error.rawValue.bigEndianBytes
            + UInt16(otherData.count).bigEndianBytes + otherData
    }

    /// Time Signed and Fudge, which are all that a continued stream covers (RFC 8945 §5.3.1).
    var timers: [UInt8] {
        timeSigned.bigEndianBytes.suffix(6) + fudge.bigEndianBytes
    }

    /// The MAC of a request as the digest of its answer starts with it: its length, then its octets (RFC 8945 §5.3).
    static func requestMAC(_ mac: [UInt8]) -> [UInt8] {
        UInt16(mac.count).bigEndianBytes + mac
    }
}
