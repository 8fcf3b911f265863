package import ACME
package import FleetStore
package import FoundationEssentials

/// When a certificate is to be renewed: inside the CA's window (RFC 9773) where it has one, else after two thirds of its
/// life, or half of it when that is shorter than ten days.
package enum RenewalPlanner {
    private static let shortLife: TimeInterval = 10 * 86_400

    /// The instant without a window of the CA's (Let's Encrypt integration guide; the same as the centre of its windows).
    package static func instantWithoutWindow(notBefore: Date, notAfter: Date) -> Date {
        let life = notAfter.timeIntervalSince(notBefore)
        return notBefore.addingTimeInterval(life < shortLife ? life / 2 : life * 2 / 3)
    }

    /// A plan made from the CA's answer. An instant chosen before is kept while the window stands (RFC 9773 §4.2), so that
    /// asking often does not move every renewal to the window's beginning.
    /// - Parameters:
    ///   - previous: what was planned so far.
    ///   - now: the time the answer came, from which the next question is counted.
    package static func plan(
        window: RenewalInfo, previous: RenewalPlan?, now: Date, random: inout some RandomNumberGenerator
    ) -> RenewalPlan {
        let isSame = previous?.windowStart == window.start && previous?.windowEnd == window.end
        let chosen = isSame ? previous?.renewAt : nil
        return RenewalPlan(
            windowStart: window.start,
            windowEnd: window.end,
            explanationURL: window.explanationURL,
            nextPollAt: now.addingTimeInterval(window.nextCheck.seconds),
            renewAt: chosen ?? window.renewalInstant(using: &random))
    }

    /// A plan when the CA has no window or does not answer. A window that is known stays in force.
    package static func planWithoutAnswer(
        notBefore: Date, notAfter: Date, previous: RenewalPlan?, retryAfter: Duration, now: Date
    ) -> RenewalPlan {
        var plan = previous ?? RenewalPlan()
        plan.nextPollAt = now.addingTimeInterval(retryAfter.seconds)
        plan.renewAt = plan.renewAt ?? instantWithoutWindow(notBefore: notBefore, notAfter: notAfter)
        return plan
    }
}

extension Duration {
    /// As Foundation counts time.
    package var seconds: TimeInterval {
        TimeInterval(components.seconds) + TimeInterval(components.attoseconds) / 1e18
    }
}
