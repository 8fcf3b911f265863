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

    /// A uniformly random moment of the window (RFC 9773 §4.2), outside of quiet hours where the window reaches beyond them.
    ///
    /// - Parameter goesFirst: when a group goes first, whether the device is in it: its moments are in the first tenth of
    ///   the window, those of all others behind it.
    package static func instant(
        in window: Range<Date>, goesFirst: Bool? = nil, avoiding quietHours: QuietHours? = nil,
        random: inout some RandomNumberGenerator
    ) -> Date {
        let width = window.upperBound.timeIntervalSince(window.lowerBound)
        let part: Range<Double> =
            switch goesFirst {
            case nil: 0..<1
            case true?: 0..<0.1
            case false?: 0.1..<1
            }
        var instant = window.lowerBound
        for _ in 0..<16 {
            instant = window.lowerBound.addingTimeInterval(width * Double.random(in: part, using: &random))
            guard let quietHours, quietHours.contains(instant) else { break }
        }
        return instant
    }

    /// A plan made from the CA's answer. An instant chosen before is kept while the window stands (RFC 9773 §4.2), so that
    /// asking often does not move every renewal to the window's beginning.
    /// - Parameters:
    ///   - previous: what was planned so far.
    ///   - notBefore: the certificate's beginning; with it, renewals that bunch are brought forward.
    ///   - tags: the device's.
    ///   - now: the time the answer came, from which the next question is counted.
    package static func plan(
        window: RenewalInfo, previous: RenewalPlan?, notBefore: Date? = nil, tags: [String] = [],
        preferences: RenewalPreferences = .none, now: Date, random: inout some RandomNumberGenerator
    ) -> RenewalPlan {
        var plan = RenewalPlan(
            windowStart: window.start, windowEnd: window.end, explanationURL: window.explanationURL,
            nextPollAt: now.addingTimeInterval(window.nextCheck.seconds))
        if previous?.windowStart == window.start, previous?.windowEnd == window.end, let chosen = previous?.renewAt {
            plan.renewAt = chosen
            return plan
        }
        var instant = instant(
            in: window.start..<window.end, goesFirst: preferences.canaryTag.map(tags.contains),
            avoiding: preferences.quietHours, random: &random)
        if instant > now, let book = preferences.book, let notBefore {
            instant = max(book.levelled(instant, notBefore: notBefore, random: &random), min(now, instant))
        }
        // One that was brought forward stays so when the window moves.
        if let earlier = previous?.renewAt, let start = previous?.windowStart, earlier < start {
            instant = min(instant, earlier)
        }
        plan.renewAt = instant
        return plan
    }

    /// A plan when the CA has no window or does not answer. A window that is known stays in force.
    package static func planWithoutAnswer(
        notBefore: Date, notAfter: Date, previous: RenewalPlan?, preferences: RenewalPreferences = .none,
        retryAfter: Duration, now: Date
    ) -> RenewalPlan {
        var plan = previous ?? RenewalPlan()
        plan.nextPollAt = now.addingTimeInterval(retryAfter.seconds)
        let standard = instantWithoutWindow(notBefore: notBefore, notAfter: notAfter)
        if plan.windowStart == nil, plan.renewAt ?? standard == standard, standard > now, let book = preferences.book {
            var random = SystemRandomNumberGenerator()
            plan.renewAt = max(book.levelled(standard, notBefore: notBefore, random: &random), now)
        }
        plan.renewAt = plan.renewAt ?? standard
        return plan
    }
}

extension Duration {
    /// As Foundation counts time.
    package var seconds: TimeInterval {
        TimeInterval(components.seconds) + TimeInterval(components.attoseconds) / 1e18
    }
}
