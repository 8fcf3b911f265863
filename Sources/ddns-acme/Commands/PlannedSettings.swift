import FleetAPI
import FleetConfiguration
import Issuance

/// How renewals are timed where the fleet is, as far as a forecast has to know it; what `serve` does without a configuration.
struct PlannedSettings: Sendable {
    var concurrency = RenewalConfiguration.defaultConcurrency
    /// In seconds; nil: as fast as the CA allows.
    var firstCertificates: Int? = 7 * 86_400
    var quietHours: QuietHours?
    var spreads = false

    init() {}

    init(_ configuration: RenewalConfiguration) {
        concurrency = configuration.concurrency
        firstCertificates = configuration.firstCertificates
        quietHours = configuration.quietHours.flatMap { QuietHours(start: $0.start, end: $0.end) }
        spreads = configuration.spreads
    }

    /// - Parameter document: nil: the server does not say.
    init(_ document: LimitsDocument.Renewals?) {
        guard let document else { return }
        concurrency = min(max(document.concurrency, 1), 1_000)
        firstCertificates = document.firstCertificatesSeconds.flatMap { (1...(3_650 * 86_400)).contains($0) ? $0 : nil }
        if let start = document.quietFrom, let end = document.quietTo {
            quietHours = QuietHours(start: start, end: end)
        }
        spreads = document.spread
    }
}
