import ArgumentParser
import Logging

/// The options every command has.
struct CommonOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "The configuration file (default: $DDNS_ACME_CONFIG, else /etc/ddns-acme/config.yaml).", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
    var config: String?

    @Flag(name: .long, help: "Log what is sent and received to standard error; never a secret.")
    var verbose = false

    @Flag(name: .long, help: "Print the result as one JSON object a line.")
    var json = false

    /// To standard error, so that results stay alone on standard output.
    var logger: Logger {
        var logger = Logger(label: "ddns-acme") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = verbose ? .debug : .critical
        return logger
    }
}
