import ACME
import FleetStore
import FoundationEssentials

/// When another CA is asked in place of one that does not work, and for whom.
enum OutageRule {
    /// Failures of a CA without which it is not taken for broken, however long the first of them is ago.
    private static let leastFailures = 3

    /// Whether the CA is down or broken. What it refuses, our limits, our account, our resolver or proxy and our trust in its
    /// certificate are no reason to go elsewhere: another CA would only hide them.
    static func isOutage(_ error: ACMEError) -> Bool {
        [.connectFailed, .timedOut, .connectionLost, .serverInternal, .serviceBusy].contains(error.code)
    }

    /// - Parameter patience: how long the CA must have been failing.
    static func isDown(_ trouble: AuthorityTroubleRecord, patience: Duration, now: Date) -> Bool {
        trouble.failures >= leastFailures && now.timeIntervalSince(trouble.since) >= patience.seconds
    }

    /// Whether the device cannot wait for the CA to come back.
    ///
    /// - Parameter validity: of its certificate; nil: it has none that is good.
    static func isPressing(_ validity: Range<Date>?, now: Date) -> Bool {
        guard let validity, validity.upperBound > now else { return true }
        // A renewal is due with a third of the life left: half of that is for the CA to come back.
        let life = validity.upperBound.timeIntervalSince(validity.lowerBound)
        return validity.upperBound.timeIntervalSince(now) < life / 6
    }
}
