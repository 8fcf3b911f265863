/// The outcome of a request: the header's RCODE, extended by EDNS (RFC 6891 §6.1.3), or the Error field of a TSIG.
package struct ResponseCode: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: UInt16

    package init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    package static let noError = ResponseCode(rawValue: 0)
    package static let formErr = ResponseCode(rawValue: 1)
    package static let servFail = ResponseCode(rawValue: 2)
    package static let nxDomain = ResponseCode(rawValue: 3)
    package static let notImp = ResponseCode(rawValue: 4)
    package static let refused = ResponseCode(rawValue: 5)
    /// A name exists when it should not (RFC 2136 §2.2).
    package static let yxDomain = ResponseCode(rawValue: 6)
    /// An RRset exists when it should not (RFC 2136 §2.2).
    package static let yxRRset = ResponseCode(rawValue: 7)
    /// An RRset that should exist does not (RFC 2136 §2.2).
    package static let nxRRset = ResponseCode(rawValue: 8)
    /// Not authoritative for the zone (RFC 2136 §2.2), or not authorised (RFC 8945 §5.2).
    package static let notAuth = ResponseCode(rawValue: 9)
    /// A name is not in the zone (RFC 2136 §2.2).
    package static let notZone = ResponseCode(rawValue: 10)
    /// As an RCODE: unsupported EDNS version (RFC 6891 §6.1.3). The same number as `badSig`.
    package static let badVers = ResponseCode(rawValue: 16)
    /// As a TSIG error: the MAC does not match (RFC 8945 §5.2.2). The same number as `badVers`.
    package static let badSig = ResponseCode(rawValue: 16)
    /// The key's name or algorithm is not known (RFC 8945 §5.2.1).
    package static let badKey = ResponseCode(rawValue: 17)
    /// Signed outside the fudge (RFC 8945 §5.2.3).
    package static let badTime = ResponseCode(rawValue: 18)
    /// The MAC is shorter than the server's policy allows (RFC 8945 §5.2.4).
    package static let badTrunc = ResponseCode(rawValue: 22)

    /// The mnemonic, else `RCODE` and the number.
    package var description: String {
        switch rawValue {
        case 0: "NOERROR"
        case 1: "FORMERR"
        case 2: "SERVFAIL"
        case 3: "NXDOMAIN"
        case 4: "NOTIMP"
        case 5: "REFUSED"
        case 6: "YXDOMAIN"
        case 7: "YXRRSET"
        case 8: "NXRRSET"
        case 9: "NOTAUTH"
        case 10: "NOTZONE"
        case 16: "BADVERS"
        case 17: "BADKEY"
        case 18: "BADTIME"
        case 22: "BADTRUNC"
        case 23: "BADCOOKIE"
        default: "RCODE\(rawValue)"
        }
    }

    /// The mnemonic when the code is the Error field of a TSIG (16 is BADSIG there).
    package var tsigDescription: String {
        self == .badSig ? "BADSIG" : description
    }
}
