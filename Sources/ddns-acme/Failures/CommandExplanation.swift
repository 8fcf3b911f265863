import FleetConfiguration
import Issuance

/// Messages of failures that only the command line knows, beside those of the modules.
enum CommandExplanation {
    static func explanation(of error: any Error) -> (message: String, hints: [String]) {
        switch error {
        case let error as ConfigurationError:
            (error.message, error.hint.isEmpty ? [] : [error.hint])
        case is CancellationError:
            ("cancelled", [])
        default:
            CheckStep.explanation(of: error)
        }
    }
}
