import Logging

/// Takes the framework's messages, which are of use only when it misbehaves. The framework notes a number with each request
/// beforehand, and the usual handlers then write their metadata out, whether anything is logged or not: this one keeps it
/// until something is.
struct FrameworkLog: LogHandler {
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    var logLevel: Logger.Level
    private let logger: Logger

    /// - Parameter logger: where messages go.
    static func logger(_ logger: Logger) -> Logger {
        Logger(label: logger.label) { _ in Self(logLevel: max(logger.logLevel, .error), logger: logger) }
    }

    private init(logLevel: Logger.Level, logger: Logger) {
        self.logLevel = logLevel
        self.logger = logger
    }

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        logger.log(
            level: event.level, event.message, metadata: metadata.merging(event.metadata ?? [:]) { _, later in later },
            source: event.source, file: event.file, function: event.function, line: event.line)
    }
}
