import CommandLineProgram
import DNSUpdate
import FleetAPI
import Issuance
import Synchronization

/// Prints what `dns verify` finds as it comes: a line each for people, an object each with `--json`.
final class ReconciliationPrinter: Sendable {
    /// More names of others would bury what matters; `--json` has all that were kept.
    private static let namesShown = 20

    private let asJSON: Bool
    private let names = Mutex(0)

    init(asJSON: Bool) {
        self.asJSON = asJSON
    }

    func show(_ finding: ZoneVerification.Finding, zone: String) {
        if asJSON {
            try? ResultPrinter.json(FindingResult(finding, zone: zone))
            return
        }
        if finding.isInformation {
            let isShown = names.withLock { count in
                count += 1
                return count <= Self.namesShown
            }
            guard isShown else { return }
        }
        var line = "\(finding.finding) \(finding.name): \(finding.values.joined(separator: ", "))"
        switch finding.outcome {
        case "repaired": line += " (repaired)"
        case "failed": line += " (not repaired: \(finding.detail ?? "no reason is given"))"
        default: break
        }
        print(OutsideText.shown(line))
    }

    func show(_ zone: ZoneVerification) {
        if asJSON {
            try? ResultPrinter.json(SummaryResult(zone))
            return
        }
        let serial = zone.serial.map { ", serial \($0)" } ?? ""
        let reading = zone.method == "transfer" ? "whole zone" : "devices' names only; allow-transfer shows the rest"
        let (name, server) = (OutsideText.inOneLine(zone.zone), OutsideText.inOneLine(zone.server))
        print("\(name): \(zone.devices) devices compared with \(server)\(serial) (\(reading))")
        print(
            "  drift: \(zone.drift), repaired: \(zone.repaired), conflicts: \(zone.conflicts), "
                + "names of others: \(zone.unknownNames), challenges of others: \(zone.foreignChallenges)")
    }

    private struct FindingResult: Encodable {
        let zone: String
        let finding: String
        let name: String
        let values: [String]
        let outcome: String
        let detail: String?

        init(_ finding: ZoneVerification.Finding, zone: String) {
            self.zone = zone
            self.finding = finding.finding
            name = finding.name
            values = finding.values
            outcome = finding.outcome
            detail = finding.detail
        }
    }

    private struct SummaryResult: Encodable {
        let zone: String
        let server: String
        let method: String
        let serial: UInt32?
        let devices: Int
        let records: Int
        let drift: Int
        let repaired: Int
        let conflicts: Int
        let unknownNames: Int

        init(_ zone: ZoneVerification) {
            self.zone = zone.zone
            server = zone.server
            method = zone.method
            serial = zone.serial
            devices = zone.devices
            records = zone.records
            drift = zone.drift
            repaired = zone.repaired
            conflicts = zone.conflicts
            unknownNames = zone.unknownNames
        }
    }
}
