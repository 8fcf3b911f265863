import DNSUpdate
import FleetStore
import FoundationEssentials
import Issuance
import Logging
import Synchronization

/// Compares each zone with the store from time to time and repairs what has drifted. Of several servers on one store, one
/// does it in each interval.
final class ZoneWatch: Sendable {
    private struct Standing {
        var found: [ZoneFinding.Kind: Int] = [:]
        var repaired = 0
        var failures = 0
        var verifiedAt: Date?
    }

    private let services: FleetServices
    private let interval: Duration
    private let logger: Logger
    private let state: Mutex<[String: Standing]>

    /// - Parameter interval: between two rounds of a zone; a tenth more or less, so that zones and servers do not keep step.
    init(services: FleetServices, interval: Duration, logger: Logger) {
        self.services = services
        self.interval = interval
        self.logger = logger
        state = Mutex(
            Dictionary(
                services.zones.names.map { ($0.description, Standing()) }, uniquingKeysWith: { first, _ in first }))
    }

    /// One look at every zone that is due.
    func round() async throws {
        for zone in services.zones.all {
            // Not given back: nobody needs to look again before it expires.
            let lease = try await services.store.acquireLease(
                "zone-watch:\(zone.name)", lifetime: interval * Double.random(in: 0.9...1.1))
            guard case .acquired = lease else { continue }
            do {
                let report = try await services.reconciler.reconcile(zone, .init(repairs: true)) { self.log($0) }
                note(report)
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                state.withLock { $0[zone.name.description, default: Standing()].failures += 1 }
                logger.warning(
                    "zone not verified", metadata: ["zone": "\(zone.name)", "error": "\(error)"])
            }
        }
    }

    private func log(_ finding: ZoneFinding) {
        guard finding.kind.kind != .information else { return }
        let outcome =
            switch finding.outcome {
            case .reported: "reported"
            case .repaired: "repaired"
            case .failed(let reason): "not repaired: \(reason)"
            }
        logger.warning(
            "zone differs from the store",
            metadata: [
                "finding": "\(finding.kind.rawValue)", "name": "\(finding.name)",
                "values": "\(finding.values.joined(separator: ", "))", "outcome": "\(outcome)",
            ])
    }

    private func note(_ report: ZoneReport) {
        let now = services.now()
        state.withLock { state in
            var standing = state[report.zone.description] ?? Standing()
            for kind in ZoneFinding.Kind.allCases { standing.found[kind] = report.count(kind) }
            standing.repaired += report.repaired
            standing.verifiedAt = now
            state[report.zone.description] = standing
        }
    }

    /// In Prometheus' text format.
    func write(to text: inout PrometheusText) {
        let zones = state.withLock { $0 }.sorted { $0.key < $1.key }
        let findings = "ddns_acme_zone_findings"
        text.family(findings, .gauge, "Differences between zone and store at the last look, before repair.")
        for (zone, standing) in zones {
            for (kind, count) in standing.found.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                text.sample(findings, [("zone", zone), ("finding", kind.rawValue)], Double(count))
            }
        }
        let repairs = "ddns_acme_zone_repairs_total"
        text.family(repairs, .counter, "Differences repaired.")
        for (zone, standing) in zones { text.sample(repairs, [("zone", zone)], Double(standing.repaired)) }
        let failures = "ddns_acme_zone_verification_failures_total"
        text.family(failures, .counter, "Looks at a zone that failed.")
        for (zone, standing) in zones { text.sample(failures, [("zone", zone)], Double(standing.failures)) }
        let verified = "ddns_acme_zone_verified_timestamp_seconds"
        text.family(verified, .gauge, "When the zone was last compared with the store by this server.")
        for (zone, standing) in zones {
            guard let time = standing.verifiedAt else { continue }
            text.sample(verified, [("zone", zone)], time.timeIntervalSince1970)
        }
    }
}
