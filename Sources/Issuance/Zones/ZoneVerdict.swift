import DNSUpdate

/// What a failure at a zone's primary asks of whoever meets it: patience, a grant, or a look at the configuration.
package enum ZoneVerdict: String, Codable, Sendable {
    /// The primary does not take the key, the clock or the change. It will not until somebody changes that.
    case refused
    /// The primary has no such zone.
    case misconfigured
    /// No answer, or one that may be another the next time.
    case unavailable

    /// - Returns: nil for what is no failure at a primary.
    package init?(_ error: any Error) {
        switch error {
        case let error as UpdateFailure:
            self =
                switch error.code {
                case .badKey, .badSignature, .badTime, .badTruncation, .refused: .refused
                case .notAuthoritative, .notZone: .misconfigured
                default: .unavailable
                }
        case let error as LookupFailure:
            self =
                switch error.code {
                case .refused: .refused
                case .notAuthoritative, .noZone, .invalidQuestion, .aliasLoop: .misconfigured
                default: .unavailable
                }
        case let error as TransferFailure:
            self =
                switch error.code {
                case .refused, .signatureRefused: .refused
                case .notAuthoritative, .otherZone: .misconfigured
                default: .unavailable
                }
        case let error as PropagationFailure: self = error.outlook == .misconfigured ? .misconfigured : .unavailable
        default: return nil
        }
    }
}
