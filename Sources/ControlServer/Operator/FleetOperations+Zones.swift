import DNSUpdate
package import FleetAPI
package import Issuance

extension FleetOperations {
    /// Compares zones with the store, and repairs what has drifted if that is asked for.
    ///
    /// - Parameter found: called with each finding when it is final, and with the zone's name.
    package func verify(
        _ request: ZoneVerifyRequest, by requester: Requester,
        found: @escaping @Sendable (ZoneVerification.Finding, _ zone: String) -> Void = { _, _ in },
        done: @Sendable (ZoneVerification) -> Void = { _ in }
    ) async throws -> ZoneVerifyReport {
        let repairs = request.repair ?? false
        guard repairs || request.adopt != true else {
            throw APIProblem(.malformed, "adopt goes with repair")
        }
        let mandate = ZoneReconciler.Mandate(repairs: repairs, adopts: request.adopt ?? false)
        var report = ZoneVerifyReport(zones: [])
        for zone in try zones(request.zones) {
            let name = zone.name.description
            let result = try await services.reconciler.reconcile(zone, mandate) {
                found(ZoneVerification.Finding($0), name)
            }
            if result.repaired > 0 { try await audit("zone.repair", name, requester, "\(result.repaired) repaired") }
            let verification = ZoneVerification(result)
            done(verification)
            report.zones.append(verification)
        }
        return report
    }

    private func zones(_ names: [String]?) throws -> [ManagedZone] {
        guard let names, !names.isEmpty else { return services.zones.all }
        return try names.map { text in
            guard let name = try? DomainName(text), let zone = services.zones.named(name) else {
                let known = services.zones.names.map(\.description).joined(separator: ", ")
                throw APIProblem(
                    .malformed, "\(String(text.prefix(253)).debugDescription) is none of the configured zones",
                    hint: "there are: \(known)")
            }
            return zone
        }
    }
}

extension ZoneVerification.Finding {
    init(_ finding: ZoneFinding) {
        let (outcome, detail): (String, String?) =
            switch finding.outcome {
            case .reported: ("reported", nil)
            case .repaired: ("repaired", nil)
            case .failed(let reason): ("failed", reason)
            }
        self.init(
            finding: finding.kind.rawValue, name: finding.name, values: finding.values, outcome: outcome,
            detail: detail, isInformation: finding.kind.kind == .information)
    }
}

extension ZoneVerification {
    init(_ report: ZoneReport) {
        self.init(
            zone: report.zone.description, server: report.server.description, method: report.method.rawValue,
            serial: report.serial?.rawValue, devices: report.devices, records: report.records,
            drift: report.count(.drift), repaired: report.repaired, remainingDrift: report.remainingDrift,
            conflicts: report.count(.conflict), remainingConflicts: report.conflicts,
            foreignChallenges: report.count(.foreignChallenge), unknownNames: report.count(.unknownName),
            findings: report.findings.map { Finding($0) })
    }
}
