import FoundationEssentials

/// How fast a fleet that begins at once gets its first certificates. What is issued in one hour is renewed in the same few
/// hours again and again (windows are 2 % of a certificate's life wide), so a fleet is spread when it begins (DESIGN §6
/// rule 12; Let's Encrypt integration guide: "spread the first issue over days").
///
/// A bucket of ``burst``, filled as fast as the whole fleet needs it. Devices that come one after the other, or some hundreds
/// at once, never meet it.
package struct FirstCertificatePace: Sendable, Hashable {
    /// Over how long a whole fleet is spread; more than zero.
    package var period: Duration
    /// First certificates that nothing holds up, each day.
    package var burst: Int

    package init(period: Duration = .seconds(7 * 86_400), burst: Int = 2_500) {
        self.period = period
        self.burst = burst
    }

    /// What has been taken of it.
    struct Level: Sendable {
        private var tokens: Double?
        private var since = Date.distantPast

        /// When the next first certificate may be obtained; nil: now.
        mutating func earliest(_ pace: FirstCertificatePace, fleet: Int, at now: Date) -> Date? {
            let rate = pace.rate(fleet: fleet)
            let elapsed = max(0, now.timeIntervalSince(since))
            let level = min(Double(pace.burst), (tokens ?? Double(pace.burst)) + elapsed * rate)
            tokens = level
            since = now
            return level >= 1 ? nil : now.addingTimeInterval(max((1 - level) / rate, 0.001))
        }

        /// One has been begun; also one that was not held up.
        mutating func take() { tokens = (tokens ?? 1) - 1 }
    }

    /// A second.
    private func rate(fleet: Int) -> Double {
        max(Double(burst) / 86_400, Double(fleet) / max(period.seconds, 1))
    }
}
