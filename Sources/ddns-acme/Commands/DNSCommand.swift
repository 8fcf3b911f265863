import ArgumentParser
import CommandLineProgram
import ControlServer
import FleetAPI

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
                --adopt removes, or a name that cannot be read (an alias, a delegation, a DNAME). Names and challenges of others elsewhere do not count.
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var server: ServerOptions
        @Option(help: ArgumentHelp("Only this zone; may be repeated.", valueName: "name")) var zone: [String] = []
        @Flag(help: "Bring back what has drifted.") var repair = false
        @Flag(help: "With --repair: delete addresses of others at devices' names, too.") var adopt = false

        func validate() throws {
            guard repair || !adopt else { throw ValidationError("--adopt goes with --repair") }
        }

        func run() async throws {
            let printer = ReconciliationPrinter(asJSON: common.json)
            let request = ZoneVerifyRequest(
                zones: zone.isEmpty ? nil : zone, repair: repair ? true : nil, adopt: adopt ? true : nil)
            let report: ZoneVerifyReport
            do {
                report = try await server.withFleet(common) { fleet in
                    try await fleet.verify(request) {
                        printer.show($0, zone: $1)
                    } done: {
                        printer.show($0)
                    }
                }
            } catch {
                throw usageError(error) ?? error
            }
            if report.zones.contains(where: { $0.remainingConflicts > 0 }) {
                Terminal.standard.hint(
                    "conflicts are left alone: remove what others have at those names, or take the names over with "
                        + "dns verify --repair --adopt; an alias, a delegation or a DNAME has to go from the zone by hand"
                )
            }
            if let status = status(of: report.zones) { throw ExitCode(status.rawValue) }
        }

        /// A zone that is not configured is a mistake of this command line.
        private func usageError(_ error: any Error) -> CommandFailure? {
            guard let problem = (error as? APIProblem)?.document ?? (error as? FleetAPIError)?.problem,
                problem.type == .malformed, let detail = problem.detail
            else { return nil }
            return CommandFailure(.usage, detail, hints: [problem.hint].compactMap { $0 })
        }

        /// nil when all is well. What repairs itself later is less than what waits for a decision.
        private func status(of zones: [ZoneVerification]) -> ExitStatus? {
            if zones.contains(where: { $0.remainingConflicts > 0 }) { return .refused }
            return zones.contains { $0.remainingDrift > 0 } ? .temporary : nil
        }
    }
}
