import ArgumentParser
import Dispatch
import Glibc

/// Measures this package beside what people use today. `scripts/bench` builds it for release, starts what it needs and
/// runs it.
struct DDNSACMEBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ddns-acme-bench", abstract: "Measure ddns-acme beside its peers (see scripts/bench).",
        subcommands: [
            RunCommand.self, FillCommand.self, ServeCommand.self, ConstantCommand.self, LoadCommand.self,
        ])
}

@main
enum Program {
    /// Not async: that would start libdispatch's threads before anything else, and valgrind, which counts the hot paths,
    /// dies of them.
    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        if arguments.first == HotCommand.configuration.commandName {
            return HotCommand.main(Array(arguments.dropFirst()))
        }
        Task {
            await DDNSACMEBench.main()
            exit(0)
        }
        dispatchMain()
    }
}
