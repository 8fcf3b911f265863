/// Signs requests (RFC 8945 §5.1).
package enum TSIGSigner {
    /// RFC 8945 §10.
    package static let defaultFudge: UInt16 = 300

    /// A signed message, ready to be sent, and what is needed to check its answer.
    package struct Signed: Hashable, Sendable {
        package let wire: [UInt8]
        package let context: TSIGContext
    }

    /// Appends a TSIG to a copy of an unsigned message; each attempt to send starts from the unsigned message again.
    ///
    /// - Parameters:
    ///   - now: seconds since the epoch, 48 bits of them used.
    ///   - fudge: seconds by which the server's clock may differ.
    /// - Throws: `malformed` or `malformedTSIG` if the message is not whole or already has a TSIG, `tooLarge` if the
    ///   signed message would exceed 65,535 octets.
    package static func sign(
        _ message: [UInt8], key: TSIGKey, now: UInt64, fudge: UInt16 = defaultFudge
    ) throws(MessageError) -> Signed {
        let layout = try MessageLayout(of: message, limit: Int(UInt16.max))
        // A second signature would cover the first and fail (BADSIG); servers call two of them a format error.
        guard layout.tsig == nil else { throw .malformedTSIG("the message is already signed") }
        guard layout.header.additionalCount < .max else { throw .malformed("its additional section is full") }
        let variables = TSIGVariables(
            keyName: key.name, algorithmName: key.algorithm.name, timeSigned: now & 0xFFFF_FFFF_FFFF, fudge: fudge,
            error: .noError, otherData: [])
        guard let code = key.algorithm.authenticationCode(for: message + variables.bytes, secret: key.secret.bytes)
        else { throw unavailable(key.algorithm) }
        let mac = Array(code.prefix(key.macLength))

        // RFC 8945 §4.2; names uncompressed, the algorithm's always and the key's because some servers require it.
        let rdata =
            variables.algorithmName.wireBytes + variables.timers + UInt16(mac.count).bigEndianBytes + mac
            + layout.header.id.bigEndianBytes + UInt16(0).bigEndianBytes + UInt16(0).bigEndianBytes
        var wire = message
        wire += key.name.wireBytes + RecordType.tsig.rawValue.bigEndianBytes + RecordClass.any.rawValue.bigEndianBytes
        wire += UInt32(0).bigEndianBytes + UInt16(rdata.count).bigEndianBytes + rdata
        guard wire.count <= UInt16.max else {
            throw MessageError(
                code: .tooLarge, message: "the signed message takes \(wire.count) octets, more than 65535",
                hint: "send it in several messages")
        }
        wire.replaceSubrange(10..<12, with: (layout.header.additionalCount + 1).bigEndianBytes)
        let context = TSIGContext(
            key: key, requestID: layout.header.id, requestMAC: mac, timeSigned: variables.timeSigned, fudge: fudge)
        return Signed(wire: wire, context: context)
    }

    private static func unavailable(_ algorithm: TSIGAlgorithm) -> MessageError {
        MessageError(
            code: .unavailableAlgorithm, message: "this host's libcrypto does not offer \(algorithm)",
            hint: "use hmac-sha256, or change the host's crypto policy")
    }
}
