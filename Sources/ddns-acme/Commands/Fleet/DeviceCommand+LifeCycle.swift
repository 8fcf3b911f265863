import ArgumentParser
import CommandLineProgram
import ControlServer
import FleetAPI

extension DeviceCommand {
    struct Suspend: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take devices out of DNS and stop their renewals, at once.")

        @OptionGroup var common: CommonOptions
        @OptionGroup var server: ServerOptions
        @OptionGroup var targets: TargetOptions

        func run() async throws { try await targets.change(.suspend, common, server) }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Bring suspended devices back.")

        @OptionGroup var common: CommonOptions
        @OptionGroup var server: ServerOptions
        @OptionGroup var targets: TargetOptions

        func run() async throws { try await targets.change(.resume, common, server) }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End devices; their names are kept back for 30 days.")

        @OptionGroup var common: CommonOptions
        @OptionGroup var server: ServerOptions
        @OptionGroup var targets: TargetOptions
        @Flag(help: "Revoke their certificates, too.") var revoke = false

        func run() async throws { try await targets.change(.remove, common, server, revoking: revoke) }
    }

    /// Which devices are changed.
    struct TargetOptions: ParsableArguments {
        @Argument(help: "Labels in the first zone or full names.") var devices: [String] = []
        @OptionGroup var selection: SelectionOptions
        @Flag(help: "Say which devices would be changed, and change nothing.") var dryRun = false

        func validate() throws {
            guard devices.isEmpty != selection.isEmpty else {
                throw ValidationError("name devices, or select them with --state, --zone, --tag or --name")
            }
        }

        func change(
            _ action: BulkRequest.Action, _ common: CommonOptions, _ server: ServerOptions, revoking: Bool = false
        ) async throws {
            let request = BulkRequest(
                action: action, names: devices.isEmpty ? nil : devices,
                filter: devices.isEmpty ? selection.selection : nil, revoke: revoking ? true : nil,
                dryRun: dryRun ? true : nil)
            let (report, leftovers) = try await server.withFleet(common) { fleet in
                let report = try await fleet.change(request)
                guard action == .suspend, request.dryRun != true else { return (report, [AddressResult]()) }
                return (report, await Self.leftovers(of: report.changed, in: fleet))
            }
            if common.json {
                try ResultPrinter.json(report)
            } else {
                for name in report.changed { print(OutsideText.inOneLine(name)) }
            }
            for result in leftovers { result.warnOfLeftovers() }
            guard let first = report.failed.first else {
                if report.changed.isEmpty { Terminal.standard.note("there is nothing to change") }
                return
            }
            for failure in report.failed.dropFirst() {
                Terminal.standard.error(
                    "\(failure.name): \(failure.problem.detail ?? failure.problem.title ?? "failed")")
            }
            try DeviceCommand.end(with: DeviceCommand.failure(first.problem, prefix: first.name), common)
        }

        /// What suspended devices still lead to. A look at each of a few: for a fleet there is `dns verify`.
        private static func leftovers(of names: [String], in fleet: any Fleet) async -> [AddressResult] {
            var results: [AddressResult] = []
            for name in names.prefix(16) {
                guard let addresses = try? await fleet.addresses(of: name) else { continue }
                results.append(AddressResult(addresses, device: name))
            }
            return results
        }
    }

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make the devices of a file.",
            discussion: """
                CSV with a header line (name, description, tags, addresses; several values are separated by spaces), or \
                JSON Lines with the same members. Devices that exist are left as they are; \
                a line whose name holds records of others is refused (address set NAME ADDRESS --adopt takes one over).
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var server: ServerOptions
        @Argument(help: "The file; `-` for standard input.", completion: .file(extensions: ["csv", "jsonl"])) var file:
            String
        @Flag(help: "Say what would be done, and change nothing.") var dryRun = false

        /// What is in it says more than what it is called: a header line begins with no brace.
        private static func mediaType(of body: [UInt8], named name: String) -> String {
            let first = body.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
            if first == UInt8(ascii: "{") { return MediaType.jsonLines }
            let isNamed = [".jsonl", ".ndjson"].contains { name.lowercased().hasSuffix($0) }
            return isNamed ? MediaType.jsonLines : MediaType.csv
        }

        func run() async throws {
            let limit = ServerSettings().importLimit
            let body =
                file == "-"
                ? try InputFile.standardInput(what: "list of devices", limit: limit)
                : try InputFile.bytes(file, what: "list of devices", limit: limit)
            let type = Self.mediaType(of: body, named: file)
            let isRehearsal = dryRun
            let report = try await server.withFleet(common, asksDNS: false) {
                try await $0.importDevices(body, contentType: type, dryRun: isRehearsal)
            }
            if common.json {
                try ResultPrinter.json(report)
            } else {
                print("\(report.created) \(dryRun ? "would be made" : "made"), \(report.existing) there already")
            }
            guard let first = report.failed.first else { return }
            // The first one is told of last, with what to do about it.
            for failure in report.failed.dropFirst().prefix(50) {
                Terminal.standard.error("line \(failure.line): \(failure.problem.detail ?? "refused")")
            }
            try DeviceCommand.end(with: DeviceCommand.failure(first.problem, prefix: "line \(first.line)"), common)
        }
    }

    /// With `--json` the report, which has been printed, is the one object, and says what failed.
    static func end(with failure: FleetAPIError, _ common: CommonOptions) throws {
        guard common.json else { throw failure }
        let report = FailureReport(failure)
        report.print(on: .standard, asJSON: false)
        throw ExitCode(report.status.rawValue)
    }

    /// A problem of one among many, as the command's own.
    static func failure(_ problem: ProblemDocument, prefix: String) -> FleetAPIError {
        FleetAPIError(
            .rejected, prefix + ": " + (problem.detail ?? problem.title ?? "refused"), hint: problem.hint,
            problem: problem)
    }
}
