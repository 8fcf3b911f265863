import ArgumentParser

/// Measures this package beside what people use today. `scripts/bench` builds it for release, starts what it needs and
/// runs it.
@main
struct DDNSACMEBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ddns-acme-bench", abstract: "Measure ddns-acme beside its peers (see scripts/bench).",
        subcommands: [
            RunCommand.self, FillCommand.self, ServeCommand.self, ConstantCommand.self, LoadCommand.self,
            HotCommand.self,
        ])
}
