import ArgumentParser
import CommandLineProgram
import ControlServer
import DNSUpdate
import Issuance

/// `ddns-acme dns verify`
struct DNSCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dns", abstract: "Compare the zones with what the devices should have.",
        subcommands: [Verify.self])

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compare each zone with the store, and repair what has drifted.",
            discussion: """
                Reads each zone as a whole (AXFR; allow-transfer), else asks its primary for each device's name. With --repair, \
                missing addresses are published, addresses of ours that no device has any more are deleted by value, and \
                challenges left by runs that died are withdrawn. What is not ours is reported and left alone. A zone that \
                cannot be read is a failure, never an empty zone.

                Exit status 0: the zones are as they should be, or are now. 75: something has drifted; --repair, or a running \
                server within its next rounds, brings it back. 77: records of others at a device's name, which only --repair \
                --adopt removes. Names and challenges of others elsewhere do not count.
                """)

        @OptionGroup var common: CommonOptions
        @Option(help: ArgumentHelp("Only this zone; may be repeated.", valueName: "name")) var zone: [String] = []
        @Flag(help: "Bring back what has drifted.") var repair = false
        @Flag(help: "With --repair: delete addresses of others at devices' names, too.") var adopt = false

        func validate() throws {
            guard repair || !adopt else { throw ValidationError("--adopt goes with --repair") }
        }

        func run() async throws {
            let printer = ReconciliationPrinter(asJSON: common.json)
            let mandate = ZoneReconciler.Mandate(repairs: repair, adopts: adopt)
            let reports = try await OperatorContext.with(common) { context in
                var reports: [ZoneReport] = []
                for zone in try zones(context) {
                    let report = try await context.services.reconciler.reconcile(zone, mandate) {
                        printer.show($0, zone: zone.name)
                    }
                    printer.show(report)
                    reports.append(report)
                }
                return reports
            }
            if let status = status(of: reports) { throw ExitCode(status.rawValue) }
        }

        private func zones(_ context: OperatorContext) throws -> [ManagedZone] {
            guard !zone.isEmpty else { return context.zones.all }
            return try zone.map { text in
                guard let name = try? DomainName(text), let zone = context.zones.named(name) else {
                    let known = context.zones.names.map(\.description).joined(separator: ", ")
                    throw CommandFailure(
                        .usage, "\(OutsideText.shown(text)) is none of the configured zones",
                        hints: ["there are: \(known)"])
                }
                return zone
            }
        }

        /// nil when all is well. What repairs itself later is less than what waits for a decision.
        private func status(of reports: [ZoneReport]) -> ExitStatus? {
            if reports.contains(where: { $0.conflicts > 0 }) { return .refused }
            return reports.contains { $0.remainingDrift > 0 } ? .temporary : nil
        }
    }
}
