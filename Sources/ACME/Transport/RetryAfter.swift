#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// What a `Retry-After` header asks for (RFC 9110 §10.2.3), fixed at the moment the answer came in.
package struct RetryAfter: Hashable, Sendable, CustomStringConvertible {
    /// Waits longer than this are cut to it, so that no arithmetic overflows: 100 years.
    private static let longest = 100 * 366 * 86_400

    /// How long to wait from the moment of the answer. Never negative; as asked for, however long that is.
    package let delay: Duration
    /// The same as a point in time.
    package let instant: Date

    package init(delay: Duration, receivedAt now: Date) {
        let seconds = min(max(0, delay.components.seconds), Int64(Self.longest))
        self.delay = seconds < Self.longest ? max(.zero, delay) : .seconds(Self.longest)
        instant = now.addingTimeInterval(Double(seconds))
    }

    init(instant: Date, receivedAt now: Date) {
        let wait = min(max(0, instant.timeIntervalSince(now)), Double(Self.longest))
        // Rounded up: asking a second too early costs another refusal.
        self.init(delay: .seconds(Int64(wait.rounded(.up))), receivedAt: now)
    }

    /// Reads a header value: seconds, or an HTTP date.
    ///
    /// - Returns: `nil` for garbage and negative numbers, which say nothing.
    init?(header: String, receivedAt now: Date) {
        let text = header.trimmingPrefix(while: { $0 == " " || $0 == "\t" })
        if let first = text.utf8.first, (0x30...0x39).contains(first) {
            guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            // More digits than fit say "very long", not "now".
            self.init(delay: .seconds(min(Int64(text) ?? .max, Int64(Self.longest))), receivedAt: now)
        } else if let date = HTTPDate.parse(String(text), now: now) {
            self.init(instant: date, receivedAt: now)
        } else {
            return nil
        }
    }

    /// Finds the date that Boulder writes into its rate limit messages, "retry after 2026-11-24 08:15:32 UTC", for
    /// the answers that carry no header.
    init?(problemDetail detail: String, receivedAt now: Date) {
        guard let range = detail.firstRange(of: "retry after ") else { return nil }
        let text = detail[range.upperBound...]
        guard let date = InternetTimestamp.parse(String(text.prefix(19)) + "Z"), text.dropFirst(19).hasPrefix(" UTC")
        else { return nil }
        self.init(instant: date, receivedAt: now)
    }

    /// The delay, held within bounds that the caller can live with (RFC 9773 §4.3.2 asks for such bounds).
    package func delay(clampedTo bounds: ClosedRange<Duration>) -> Duration {
        min(max(delay, bounds.lowerBound), bounds.upperBound)
    }

    package var description: String { "\(delay.components.seconds) s, until \(InternetTimestamp.format(instant))" }
}

extension ACMEResponse {
    func retryAfter(receivedAt now: Date) -> RetryAfter? {
        headers["Retry-After"].flatMap { RetryAfter(header: $0, receivedAt: now) }
    }
}
