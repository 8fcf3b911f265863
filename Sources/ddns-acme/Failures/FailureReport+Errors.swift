import CommandLineProgram
import Issuance

extension FailureReport {
    init(_ error: any Error) {
        let classification = FailureClassification(error)
        let (message, hints): (String, [String]) =
            if let failure = error as? CommandFailure {
                (failure.message, failure.hints)
            } else {
                CommandExplanation.explanation(of: error)
            }
        self.init(
            status: classification.status, code: classification.code, message: message, hints: hints,
            retryAfter: classification.retryAfter)
    }
}
