/// Why a device could not be given its name or its certificate. Equality is on the code.
package struct IssuanceError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of failure callers tell apart; more may come.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String {
            case invalidName, nameInNoZone, invalidAddress, addressRefused, invalidRequest, invalidKey, nameTaken
            case publication, propagation, challengeZone
            case certificateAuthority, accountMissing, challengeFailed, caaForbids, chainRejected, profileUnknown
            case notYetValid
            case busy, unknownDevice, stateForbids, limitReached, parked, replacedElsewhere, orderGone, interrupted
        }
        private let value: Value
        private init(_ value: Value) { self.value = value }

        /// Not a name a device can have.
        package static let invalidName = Code(.invalidName)
        /// A well-formed name that none of the configured zones holds.
        package static let nameInNoZone = Code(.nameInNoZone)
        /// Not an address, or one that no device can have (unspecified, loopback, multicast, IPv4-mapped).
        package static let invalidAddress = Code(.invalidAddress)
        /// An address outside the zone's `addresses.allow`.
        package static let addressRefused = Code(.addressRefused)
        /// A certificate signing request that cannot be used.
        package static let invalidRequest = Code(.invalidRequest)
        /// A private key that cannot be used.
        package static let invalidKey = Code(.invalidKey)
        /// The name holds records in the zone that are not ours (DESIGN §6 rule 5).
        package static let nameTaken = Code(.nameTaken)
        /// The primary said NOERROR, and the record is not there (DESIGN §6 rule 3).
        package static let publication = Code(.publication)
        /// An authoritative server does not show the challenge in time.
        package static let propagation = Code(.propagation)
        /// The zone that holds the challenge's name cannot be found or is not configured.
        package static let challengeZone = Code(.challengeZone)
        /// The CA offers or asks for something that cannot be done.
        package static let certificateAuthority = Code(.certificateAuthority)
        /// There is no account at the CA for this key.
        package static let accountMissing = Code(.accountMissing)
        /// The CA looked for the challenge and was not satisfied.
        package static let challengeFailed = Code(.challengeFailed)
        /// A CAA record does not let the CA issue (RFC 8659).
        package static let caaForbids = Code(.caaForbids)
        /// The certificate that came is not the one that was asked for.
        package static let chainRejected = Code(.chainRejected)
        /// The certificate that came is the right one, and begins later by the clock here.
        package static let notYetValid = Code(.notYetValid)
        /// The CA does not offer the configured profile.
        package static let profileUnknown = Code(.profileUnknown)
        /// Another process is at work on the same device.
        package static let busy = Code(.busy)
        /// No such device.
        package static let unknownDevice = Code(.unknownDevice)
        /// The device is suspended or removed.
        package static let stateForbids = Code(.stateForbids)
        /// A limit of the CA would be exceeded; nothing was sent (DESIGN §6 rule 10).
        package static let limitReached = Code(.limitReached)
        /// Another order, not in our journal, has replaced the certificate (RFC 9773 §7.4).
        package static let replacedElsewhere = Code(.replacedElsewhere)
        /// The order ran out, or the CA has forgotten it, while we were at work on it.
        package static let orderGone = Code(.orderGone)
        /// The program has ended again and again while it was at work on the device.
        package static let interrupted = Code(.interrupted)
        /// The device has failed so often, or for such a reason, that it is not tried any more until somebody says so.
        package static let parked = Code(.parked)

        package var description: String { value.rawValue }
    }

    package let code: Code
    /// What happened, with the evidence; never a secret.
    package let message: String
    /// What to do about it.
    package let hints: [String]
    /// The failure below this one.
    package let cause: (any Error)?
    /// Whether the same request may succeed later without anybody changing anything.
    package let isTemporary: Bool
    /// How long the other side asks to wait.
    package let retryAfter: Duration?

    package init(
        _ code: Code, _ message: String, hints: [String] = [], cause: (any Error)? = nil, isTemporary: Bool = false,
        retryAfter: Duration? = nil
    ) {
        self.code = code
        self.message = message
        self.hints = hints
        self.cause = cause
        self.isTemporary = isTemporary
        self.retryAfter = retryAfter
    }

    package static func == (left: Self, right: Self) -> Bool { left.code == right.code }
    package func hash(into hasher: inout Hasher) { hasher.combine(code) }
    package var description: String { message }
}
