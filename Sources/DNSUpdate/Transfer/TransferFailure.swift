/// Why a zone could not be had as a whole. Whatever was received of it has been thrown away: part of a zone, or none of
/// it, says nothing about what the zone holds.
package struct TransferFailure: Error, Sendable, Equatable, CustomStringConvertible {
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Value: String {
            case refused, notAuthoritative, serverFailure, signatureRefused, notTrusted, malformed, otherZone, empty
            case changed, tooLarge, brokenOff, unreachable, invalidRequest, cancelled
        }
        private let value: Value

        /// REFUSED: this machine or this key may not transfer the zone (`allow-transfer`).
        package static let refused = Code(value: .refused)
        /// NOTAUTH: the server does not hold the zone.
        package static let notAuthoritative = Code(value: .notAuthoritative)
        /// SERVFAIL or another response code.
        package static let serverFailure = Code(value: .serverFailure)
        /// The server rejects our TSIG.
        package static let signatureRefused = Code(value: .signatureRefused)
        /// A message is unsigned where it must not be, or its signature is wrong.
        package static let notTrusted = Code(value: .notTrusted)
        /// Not what RFC 5936 describes.
        package static let malformed = Code(value: .malformed)
        /// It is some other zone.
        package static let otherZone = Code(value: .otherZone)
        /// It has an SOA and nothing else. No zone is like that: each has name servers at least (RFC 1034 §4.2.1).
        package static let empty = Code(value: .empty)
        /// It ends with another SOA than it started with.
        package static let changed = Code(value: .changed)
        /// It has more records or octets than are accepted, or takes longer.
        package static let tooLarge = Code(value: .tooLarge)
        /// The connection ended, or fell silent, before the zone did.
        package static let brokenOff = Code(value: .brokenOff)
        /// No connection could be had.
        package static let unreachable = Code(value: .unreachable)
        package static let invalidRequest = Code(value: .invalidRequest)
        package static let cancelled = Code(value: .cancelled)

        package var description: String { value.rawValue }
    }

    package let code: Code
    package let zone: DomainName
    package let server: DNSEndpoint
    /// What was observed.
    package let evidence: String

    init(_ code: Code, _ source: ZoneTransfer.Source, evidence: String) {
        self.code = code
        zone = source.zone
        server = source.server
        self.evidence = evidence
    }

    package var message: String { "transfer of zone \(zone) from \(server) failed: \(evidence)" }
    package var description: String { message }

    /// Whether the same request can succeed later without anybody changing a configuration.
    package var isTemporary: Bool {
        switch code {
        case .serverFailure, .changed, .brokenOff, .unreachable: true
        default: false
        }
    }

    /// Whether the server would answer questions about single names although it does not hand out the zone.
    package var leavesQuestions: Bool { code == .refused || code == .tooLarge }

    /// What to do about it.
    package var hint: String {
        switch code {
        case .refused: "let the key transfer the zone: allow-transfer { key \"…\"; }; in the zone's statement"
        case .notAuthoritative: "is the zone's name right, and is it loaded there?"
        case .serverFailure: "the zone is not loaded, or has expired; see the server's log"
        case .signatureRefused, .notTrusted:
            "compare key, secret and clock with the server's; or something between here and there alters DNS"
        case .unreachable: "is the server up, and is TCP port \(server.port) open between here and there?"
        case .brokenOff, .changed: "try again; see the server's log if it goes on"
        case .tooLarge: "is this the zone that devices get their names in?"
        case .cancelled: "start again"
        default: "the server is broken, or it is not the one that holds the zone"
        }
    }

    package static func == (left: Self, right: Self) -> Bool { left.code == right.code }
}
