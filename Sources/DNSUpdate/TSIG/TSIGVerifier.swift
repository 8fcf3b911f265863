/// Checks answers to signed requests.
package enum TSIGVerifier {
    /// Checks in the order of RFC 8945 §5.2: key, MAC, time, truncation; what is not authenticated decides nothing.
    ///
    /// - Parameters:
    ///   - answer: the message as received.
    ///   - request: what `TSIGSigner` gave with the request.
    ///   - now: seconds since the epoch.
    ///   - limit: the most octets that are looked at.
    package static func verify(
        _ answer: [UInt8], to request: TSIGContext, now: UInt64, limit: Int = ResponseMessage.updateAnswerLimit
    ) -> TSIGVerification {
        do {
            let layout = try MessageLayout(of: answer, limit: limit)
            guard let record = layout.tsig else { return .missing }
            return check(
                try TSIGRecord(record, in: answer), in: answer, start: record.start, layout, request, now,
                digest: Digest(prefix: TSIGVariables.requestMAC(request.requestMAC), variables: \.bytes))
        } catch {
            return .malformed(error)
        }
    }

    /// Whether a verified answer came by way of somebody who changed its ID: an update that a secondary forwards to its
    /// primary has an ID of its own there, and that is what the primary signs (RFC 8945 §4.3.2, §5.5).
    static func wasHandedOn(_ answer: [UInt8]) -> Bool {
        guard let layout = try? MessageLayout(of: answer, limit: answer.count), let record = layout.tsig,
            let tsig = try? TSIGRecord(record, in: answer)
        else { return false }
        return tsig.originalID != layout.header.id
    }

    /// What the MAC covers besides the message itself.
    struct Digest {
        /// The MAC that came before, and what was sent unsigned since.
        let prefix: [UInt8]
        /// Which of the TSIG's fields follow the message.
        let variables: @Sendable (TSIGVariables) -> [UInt8]
    }

    static func check(
        _ tsig: TSIGRecord, in answer: [UInt8], start: Int, _ layout: MessageLayout, _ request: TSIGContext,
        _ now: UInt64, digest: Digest
    ) -> TSIGVerification {
        let key = request.key
        // A forwarder changes the ID that it sends on and restores it, or not: one of the two is ours (RFC 8945 §5.5).
        guard layout.header.id == request.requestID || tsig.originalID == request.requestID else {
            return .otherRequest(id: layout.header.id)
        }
        // RFC 8945 §5.2.1
        guard tsig.keyName == key.name else { return .otherKey(tsig.keyName) }
        // RFC 8945 §5.3.2: BADKEY and BADSIG are sent with an empty MAC.
        if tsig.mac.isEmpty {
            guard tsig.error != .noError else { return .wrongMAC }
            return .refused(TSIGRefusal(error: tsig.error, isSigned: false, clocks: clocks(tsig, now)))
        }
        guard tsig.algorithmName == key.algorithm.name else { return .otherAlgorithm(tsig.algorithmName) }
        // RFC 8945 §5.2.2.1: lengths that no policy can allow are format errors.
        guard (key.algorithm.minimumMACLength...key.algorithm.macLength).contains(tsig.mac.count) else {
            return .malformed(.malformedTSIG("a MAC of \(tsig.mac.count) octets under \(key.algorithm)"))
        }
        // RFC 8945 §5.2.2
        let expected = key.algorithm.authenticationCode(
            for: digestInput(tsig, in: answer, start: start, layout, digest),
            secret: key.secret.bytes)
        guard let expected, TSIGAlgorithm.isEqualInConstantTime(Array(expected.prefix(tsig.mac.count)), tsig.mac)
        else { return .wrongMAC }
        // RFC 8945 §5.2.3: a BADTIME answer repeats our time and tells the server's in Other Data.
        if tsig.error != .noError {
            return .refused(TSIGRefusal(error: tsig.error, isSigned: true, clocks: clocks(tsig, now)))
        }
        let comparison = ClockComparison(server: tsig.timeSigned, ours: now, fudge: tsig.fudge)
        guard comparison.isWithinFudge else { return .outsideFudge(comparison) }
        // RFC 8945 §5.2.4
        guard tsig.mac.count >= key.macLength else {
            return .shortMAC(octets: tsig.mac.count, required: key.macLength)
        }
        return .verified(timeSigned: tsig.timeSigned)
    }

    /// RFC 8945 §4.3, §5.3: the request's MAC, the message as it was before it was signed, the TSIG's variables.
    private static func digestInput(
        _ tsig: TSIGRecord, in answer: [UInt8], start: Int, _ layout: MessageLayout, _ digest: Digest
    ) -> [UInt8] {
        var input = digest.prefix
        // RFC 8945 §4.3.2: with the ID that was signed, and without the TSIG in the count.
        input += tsig.originalID.bigEndianBytes + answer[2..<10]
        input += (layout.header.additionalCount - 1).bigEndianBytes + answer[MessageHeader.length..<start]
        let variables = TSIGVariables(
            keyName: tsig.keyName, algorithmName: tsig.algorithmName, timeSigned: tsig.timeSigned, fudge: tsig.fudge,
            error: tsig.error, otherData: tsig.otherData)
        return input + digest.variables(variables)
    }

    private static func clocks(_ tsig: TSIGRecord, _ now: UInt64) -> ClockComparison? {
        tsig.serverTime.map { ClockComparison(server: $0, ours: now, fudge: tsig.fudge) }
    }
}
