@testable import DNSUpdate

/// Signs answers as a server does (RFC 8945 §5.3), correctly or with one thing wrong.
struct TestServer {
    var key: TSIGKey
    var keyName: DomainName
    var algorithmName: DomainName
    var timeSigned: UInt64 = 1_000_000
    var fudge: UInt16 = 300
    var error: ResponseCode = .noError
    var otherData: [UInt8] = []
    var macLength: Int?
    /// The ID in the header, if a forwarder changed it after signing.
    var headerID: UInt16?

    init(_ key: TSIGKey) {
        self.key = key
        keyName = key.name
        algorithmName = key.algorithm.name
    }

    /// Signs `answer` to the request of `context`.
    func sign(_ answer: [UInt8], _ context: TSIGContext) throws -> [UInt8] {
        let variables = TSIGVariables(
            keyName: keyName, algorithmName: algorithmName, timeSigned: timeSigned, fudge: fudge, error: error,
            otherData: otherData)
        let input = TSIGVariables.requestMAC(context.requestMAC) + answer + variables.bytes
        let code = key.algorithm.authenticationCode(for: input, secret: key.secret.bytes) ?? []
        let mac = code.prefix(macLength ?? key.macLength)
        var rdata = algorithmName.wireBytes + variables.timers + UInt16(mac.count).bigEndianBytes + mac
        rdata += answer[0..<2] + error.rawValue.bigEndianBytes + UInt16(otherData.count).bigEndianBytes + otherData
        var message = TestMessage(counts: [])
        message.bytes = answer
        message = message.record(keyName.wireBytes, .tsig, rdata, recordClass: .any, ttl: 0)
        message.bytes[11] += 1
        if let headerID { message.bytes.replaceSubrange(0..<2, with: headerID.bigEndianBytes) }
        return message.bytes
    }
}
