#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// When the CA suggests to renew a certificate (RFC 9773 §4).
package struct RenewalInfo: Sendable, Equatable {
    package let start: Date
    /// Later than `start`.
    package let end: Date
    /// A page for humans on why the window is where it is, e.g. an incident; show and log it.
    package let explanationURL: String?
    /// When to ask again, as the CA said it.
    package let retryAfter: RetryAfter?

    /// When to ask again: the CA's wish within one minute and one day (RFC 9773 §4.3.2), six hours when it has none
    /// (§4.3.3).
    package var nextCheck: Duration { retryAfter?.delay(clampedTo: .seconds(60)...Self.day) ?? .seconds(6 * 3600) }

    private static let day = Duration.seconds(86_400)

    /// A uniformly random moment of the window (RFC 9773 §4.2). Choose once and keep it while the window is
    /// unchanged; a moment in the past means renew now.
    package func renewalInstant(using generator: inout some RandomNumberGenerator) -> Date {
        let width = end.timeIntervalSince(start)
        return start.addingTimeInterval(Double.random(in: 0..<width, using: &generator))
    }

    init(_ response: ACMEResponse, url: ACMEURL, receivedAt now: Date) throws(ACMEError) {
        let wire = try WireJSON.decode(Wire.self, "renewalInfo", from: response, url: url)
        guard let start = InternetTimestamp.parse(wire.suggestedWindow.start),
            let end = InternetTimestamp.parse(wire.suggestedWindow.end), end > start
        else {
            // "MUST treat a renewal window with an end not after its start as if no renewalInfo were received" (RFC
            // 9773 §4.2)
            throw ACMEError(
                .protocolViolation,
                "the renewal window of \(url) is not one: \(Evidence.quote(wire.suggestedWindow.start)) to "
                    + Evidence.quote(wire.suggestedWindow.end),
                hint: "renew by the certificate's own lifetime until the CA answers sensibly",
                retryAfter: response.retryAfter(receivedAt: now),
                url: url)
        }
        self.start = start
        self.end = end
        explanationURL = wire.explanationURL
        retryAfter = response.retryAfter(receivedAt: now)
    }

    private struct Wire: Decodable {
        struct Window: Decodable {
            let start: String
            let end: String
        }
        let suggestedWindow: Window
        let explanationURL: String?
    }
}
