/// What the TSIG of an answer proves, or why it proves nothing (RFC 8945 §5.2–5.4).
///
/// Only `verified`, `outsideFudge` and a signed `refused` come from somebody who knows the key.
package enum TSIGVerification: Hashable, Sendable {
    /// The answer is the server's, to this very request, and not old.
    case verified(timeSigned: UInt64)
    /// There is no TSIG; the answer is to be discarded (RFC 8945 §5.4).
    case missing
    /// The bytes are no message that we accept.
    case malformed(MessageError)
    /// Neither the header's ID nor the Original ID is that of our request.
    case otherRequest(id: UInt16)
    /// Signed with another key.
    case otherKey(DomainName)
    /// Signed with our key's name but another algorithm.
    case otherAlgorithm(DomainName)
    /// The MAC does not match: altered, forged, or the secrets differ.
    case wrongMAC
    /// The MAC matches but is shorter than the key allows (RFC 8945 §5.2.4).
    case shortMAC(octets: Int, required: Int)
    /// The MAC matches but the answer was signed outside the fudge: replayed, or the clocks differ.
    case outsideFudge(ClockComparison)
    /// The server says what is wrong with our TSIG.
    case refused(TSIGRefusal)
}

/// The error that a server put in the TSIG of its answer (RFC 8945 §5.2).
package struct TSIGRefusal: Hashable, Sendable, CustomStringConvertible {
    /// `badKey`, `badSig`, `badTime`, `badTrunc`, or what else the server sent.
    package let error: ResponseCode
    /// Whether the answer's own MAC matches. BADKEY and BADSIG come unsigned (RFC 8945 §5.3.2): anybody can send them.
    package let isSigned: Bool
    /// For BADTIME: the server's clock beside ours.
    package let clocks: ClockComparison?

    package var description: String { "\(error.tsigDescription), \(isSigned ? "signed" : "unsigned")" }
}

/// Two clocks at one moment, in seconds since the epoch.
package struct ClockComparison: Hashable, Sendable {
    /// The other side's clock, as it said.
    package let server: UInt64
    /// Our clock.
    package let ours: UInt64
    /// Seconds that they may differ.
    package let fudge: UInt16

    /// Seconds that ours is ahead (positive) or behind (negative).
    package var skew: Int64 { Int64(clamping: ours) - Int64(clamping: server) }

    var isWithinFudge: Bool { skew.magnitude <= UInt64(fudge) }
}
