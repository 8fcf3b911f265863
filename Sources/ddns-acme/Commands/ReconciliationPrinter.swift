import CommandLineProgram
import DNSUpdate
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

    func show(_ finding: ZoneFinding, zone: DomainName) {
        if asJSON {
            try? ResultPrinter.json(FindingResult(finding, zone: zone))
            return
        }
        if finding.kind.kind == .information {
            let isShown = names.withLock { count in
                count += 1
                return count <= Self.namesShown
            }
            guard isShown else { return }
        }
        var line = "\(finding.kind.rawValue) \(finding.name): \(finding.values.joined(separator: ", "))"
        switch finding.outcome {
        case .reported: break
        case .repaired: line += " (repaired)"
        case .failed(let reason): line += " (not repaired: \(reason))"
        }
        print(OutsideText.shown(line))
    }

    func show(_ report: ZoneReport) {
        if asJSON {
            try? ResultPrinter.json(SummaryResult(report))
            return
        }
        let serial = report.serial.map { ", serial \($0)" } ?? ""
        let reading = report.method == .transfer ? "whole zone" : "devices' names only; allow-transfer shows the rest"
        print("\(report.zone): \(report.devices) devices compared with \(report.server)\(serial) (\(reading))")
        print(
            "  drift: \(report.count(.drift)), repaired: \(report.repaired), conflicts: \(report.count(.conflict)), "
                + "names of others: \(report.unknownNames), challenges of others: \(report.count(.foreignChallenge))")
    }

    private struct FindingResult: Encodable {
        let zone: String
        let finding: String
        let name: String
        let values: [String]
        let outcome: String
        let detail: String?

        init(_ finding: ZoneFinding, zone: DomainName) {
            self.zone = zone.description
            self.finding = finding.kind.rawValue
            name = finding.name
            values = finding.values
            switch finding.outcome {
            case .reported: (outcome, detail) = ("reported", nil)
            case .repaired: (outcome, detail) = ("repaired", nil)
            case .failed(let reason): (outcome, detail) = ("failed", reason)
            }
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

        init(_ report: ZoneReport) {
            zone = report.zone.description
            server = report.server.description
            method = report.method.rawValue
            serial = report.serial?.rawValue
            devices = report.devices
            records = report.records
            drift = report.count(.drift)
            repaired = report.repaired
            conflicts = report.count(.conflict)
            unknownNames = report.unknownNames
        }
    }
}
