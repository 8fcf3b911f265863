package import ACME
package import FleetStore
package import FoundationEssentials

/// When a certificate is to be renewed: inside the CA's window (RFC 9773) where it has one, else after two thirds of its
/// life, or half of it when that is shorter than ten days.
package enum RenewalPlanner {
    private static let shortLife: TimeInterval = 10 * 86_400

    /// The part of a window in which renewals are planned. The rest is for the wait for a place and for a second attempt:
    /// after the window a renewal is not free of the CA's limits any more.
    private static let latestShare = 0.95

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
            case nil: 0..<latestShare
            case true?: 0..<0.1
            case false?: 0.1..<latestShare
            }
        var instant = window.lowerBound
        for _ in 0..<16 {
            instant = window.lowerBound.addingTimeInterval(width * Double.random(in: part, using: &random))
            guard let quietHours, quietHours.contains(instant) else { break }
        }
        return instant
    }

    /// The part of the CA's window in which the certificate can be renewed: not before it begins, and not in its last
    /// tenth, or day, in which nothing that fails could be tried again. Nil: the window is of no use.
    package static func usable(_ window: Range<Date>, of validity: Range<Date>) -> Range<Date>? {
        let life = validity.upperBound.timeIntervalSince(validity.lowerBound)
        let last = validity.upperBound.addingTimeInterval(-min(life / 10, 86_400))
        // One that was over before the certificate began is not about it; taken for "at once", each certificate would be
        // replaced as soon as it comes.
        guard window.lowerBound < last, window.upperBound > validity.lowerBound else { return nil }
        let start = max(window.lowerBound, validity.lowerBound)
        return start..<max(start.addingTimeInterval(1), min(window.upperBound, last))
    }

    /// A plan made from the CA's answer. An instant chosen before is kept while the window stands (RFC 9773 §4.2), so that
    /// asking often does not move every renewal to the window's beginning.
    /// - Parameters:
    ///   - previous: what was planned so far.
    ///   - validity: the certificate's.
    ///   - tags: the device's.
    ///   - now: the time the answer came, from which the next question is counted.
    package static func plan(
        window info: RenewalInfo, previous: RenewalPlan?, validity: Range<Date>, tags: [String] = [],
        preferences: RenewalPreferences = .none, now: Date, random: inout some RandomNumberGenerator
    ) -> RenewalPlan {
        var plan = RenewalPlan(
            windowStart: info.start, windowEnd: info.end, explanationURL: info.explanationURL,
            nextPollAt: now.addingTimeInterval(info.nextCheck.seconds))
        guard let window = usable(info.start..<info.end, of: validity) else {
            plan.renewAt = instantWithoutWindow(notBefore: validity.lowerBound, notAfter: validity.upperBound)
            return plan
        }
        if previous?.windowStart == info.start, previous?.windowEnd == info.end, let chosen = previous?.renewAt,
            window.contains(chosen) || preferences.leavesWindows
        {
            let canMove = preferences.leavesWindows && chosen > now
            plan.renewAt =
                (canMove ? preferences.book : nil)?
                .levelled(chosen, notBefore: validity.lowerBound, now: now, random: &random) ?? chosen
            return plan
        }
        func draw(_ random: inout some RandomNumberGenerator) -> Date {
            Self.instant(
                in: window, goesFirst: preferences.canaryTag.map(tags.contains), avoiding: preferences.quietHours,
                random: &random)
        }
        var instant: Date
        // What the CA wants at once is in no calendar: who is first is the scheduler's to say.
        if let book = preferences.book, window.upperBound > now {
            instant = book.book(
                leavingWindow: preferences.leavesWindows ? validity.lowerBound : nil, random: &random, draw: draw)
            if instant < window.lowerBound { instant = max(instant, min(now, window.lowerBound)) }
        } else {
            instant = draw(&random)
        }
        // One that was brought forward stays so when the window moves.
        if preferences.leavesWindows, let earlier = previous?.renewAt, let start = previous?.windowStart,
            earlier < start
        {
            instant = min(instant, earlier)
        }
        plan.renewAt = instant
        return plan
    }

    /// A plan when the CA has no window or does not answer. A window that is known stays in force.
    package static func planWithoutAnswer(
        validity: Range<Date>, previous: RenewalPlan?, preferences: RenewalPreferences = .none,
        retryAfter: Duration, now: Date
    ) -> RenewalPlan {
        var plan = previous ?? RenewalPlan()
        plan.nextPollAt = now.addingTimeInterval(retryAfter.seconds)
        let standard = instantWithoutWindow(notBefore: validity.lowerBound, notAfter: validity.upperBound)
        if plan.windowStart == nil, plan.renewAt ?? standard == standard, standard > now, let book = preferences.book {
            var random = SystemRandomNumberGenerator()
            // As much of the life as a CA's window has, before the instant.
            let room = validity.upperBound.timeIntervalSince(validity.lowerBound) / 50
            var isFirst = true
            let chosen = book.book(
                leavingWindow: preferences.leavesWindows ? validity.lowerBound : nil, random: &random
            ) { random in
                defer { isFirst = false }
                return isFirst ? standard : standard.addingTimeInterval(-Double.random(in: 0..<room, using: &random))
            }
            plan.renewAt = max(chosen, now)
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
