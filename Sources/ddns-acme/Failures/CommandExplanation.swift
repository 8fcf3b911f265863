import ControlServer
import DeviceCertificates
import FleetAPI
import FleetConfiguration
import Issuance
import PKCS12

/// Messages of failures that only the command line knows, beside those of the modules.
enum CommandExplanation {
    static func explanation(of error: any Error) -> (message: String, hints: [String]) {
        switch error {
        case let error as ConfigurationError:
            (error.message, hints(of: error))
        case let error as PKCS12Error:
            ("the PKCS #12 file is not written: " + error.message, [error.hint])
        case let error as DeviceCertificateError:
            (error.message, error.hints)
        case let error as FleetAPIError:
            (error.message, lines(error.hint))
        case let error as APIProblem:
            (error.document.detail ?? error.document.title ?? "refused", lines(error.document.hint))
        case let error as ServerStartFailure:
            (error.message, [error.hint])
        case is CancellationError:
            ("cancelled", [])
        default:
            CheckStep.explanation(of: error)
        }
    }

    private static func lines(_ text: String?) -> [String] { text?.split(separator: "\n").map(String.init) ?? [] }

    /// One for each finding, with its line when there are several.
    private static func hints(of error: ConfigurationError) -> [String] {
        guard error.issues.count > 1 else { return error.hint.isEmpty ? [] : [error.hint] }
        return error.issues.filter { !$0.hint.isEmpty }.map { "line \($0.line): \($0.hint)" }
    }
}
