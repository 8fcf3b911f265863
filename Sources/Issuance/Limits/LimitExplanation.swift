#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Says which limit stands in the way, until when, and what can be done about it.
struct LimitExplanation {
    let limits: AuthorityLimits
    let key: String
    let until: Date
    let now: Date

    var error: IssuanceError {
        let (what, remedy) = text
        let instant = until.formatted(.iso8601)
        return IssuanceError(
            .limitReached, "the order was not sent: \(what); the next one is possible at \(instant)",
            hints: [remedy], cause: IssuanceLimits.parts(ofKey: key).map { ReachedLimit(kind: $0.kind) },
            isTemporary: true, retryAfter: .seconds(max(1, until.timeIntervalSince(now).rounded(.up))))
    }

    private var text: (what: String, remedy: String) {
        guard let (kind, subject) = IssuanceLimits.parts(ofKey: key) else {
            return ("the CA's limit \(key) is reached", "wait")
        }
        func count(_ limit: AuthorityLimits.Limit?) -> String { limit.map { " (\($0))" } ?? "" }
        return switch kind {
        case .newOrders:
            (
                "the CA's limit of new orders for this account\(count(limits.newOrders)) is used up",
                "a fleet needs a higher limit: `ddns-acme plan` says which override to ask the CA for"
            )
        case .certificatesPerDomain:
            (
                "the CA's limit of certificates for \(subject)\(count(limits.certificatesPerDomain)) is used up",
                "a fleet needs a higher limit: `ddns-acme plan` says which override to ask the CA for; renewals are exempt"
            )
        case .certificatesPerSet:
            (
                "the CA's limit of certificates for exactly these names\(count(limits.certificatesPerSet)) is used up: "
                    + subject.replacing(",", with: ", "),
                "use the certificate there is; find out who obtains it again and again (ddns-acme device show)"
            )
        case .failuresPerName:
            (
                "the CA has failed to validate \(subject) too often\(count(limits.failuresPerName))",
                "ddns-acme check finds out why; nothing more is sent for this name until then"
            )
        case .consecutiveFailures:
            (
                "\(subject) has failed so often in a row\(count(limits.consecutiveFailures)) that the CA would pause it",
                "ddns-acme check finds out why; one attempt a day is left"
            )
        }
    }
}

/// Which limit it was, for those who order others after it.
struct ReachedLimit: Error {
    let kind: IssuanceLimits.Kind

    /// Whether it stops more devices than the one that met it.
    var isShared: Bool { kind == .newOrders || kind == .certificatesPerDomain }
}
