import ArgumentParser
import FoundationEssentials

/// `ddns-acme-bench run`
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run the measures against servers that are up, and write the report.",
        discussion: "scripts/bench starts those servers in a folder of their own and passes it here.")

    @Option(help: "smoke, quick or full.") var size = BenchSize.quick
    @Option(help: "The folder with the key, the CA's root and the configuration of what was started.")
    var folder: String
    @Option(help: "The zone that the primary serves.") var zone: String
    @Option(help: "The primary's port on 127.0.0.1.") var dnsPort: UInt16
    @Option(help: "The port of its statistics on 127.0.0.1.") var statisticsPort: UInt16
    @Option(help: "The port of a CA on 127.0.0.1 that asks for pauses of a second, as public CAs do.")
    var acmePort: UInt16
    @Option(help: "The port of a CA that asks for none; its files are in the folder prompt-ca.")
    var promptAcmePort: UInt16
    @Option(help: "The port of one that is started anew for each fleet; its files are in the folder fresh-ca.")
    var freshAcmePort: UInt16
    @Option(help: "The program of those CAs (pebble).") var authorityProgram: String
    @Option(help: "The process of the primary.") var dnsProcess: Int32
    @Option(help: "The port of another primary, which has a zone for each fleet: fleet-1000.example.com, …")
    var fleetDnsPort: UInt16
    @Option(help: "The ddns-acme that is measured.") var program: String
    @Option(help: "Where report.md, report.json and the pictures go.") var output: String
    @Option(help: "The command that the reader of the report may repeat.") var command = "scripts/bench"
    @Flag(help: "A peer that does not work is a failure, too.") var strict = false
    @Option(help: "Only these measures, separated by commas.") var only: String?

    func run() async throws {
        let selected = try selection()
        let bench = try Bench(self)
        for measure in selected {
            bench.progress.begin(measure.rawValue)
            do {
                try await measure.run(bench)
            } catch let error as UnusableTool {
                bench.leaveOut(measure, error)
            } catch {
                // The others are worth their time all the same; the exit code tells.
                bench.fail(measure, error)
            }
        }
        bench.progress.end()
        let report = bench.report(command: command)
        try ReportFiles.write(report, to: output)
        print(Markdown.text(report))
        if bench.hasFailed { throw ExitCode(1) }
    }

    private func selection() throws -> [Measure] {
        guard let only else { return Measure.allCases }
        return try only.split(separator: ",").map { name in
            guard let measure = Measure(rawValue: String(name)) else {
                throw ValidationError("no measure \(name); there are \(Measure.allCases.map(\.rawValue))")
            }
            return measure
        }
    }
}
