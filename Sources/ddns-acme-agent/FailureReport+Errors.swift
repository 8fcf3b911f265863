import CommandLineProgram
import DeviceAgent
import FleetAPI

extension FailureReport {
    init(_ error: any Error) {
        switch error {
        case let error as AgentError: self.init(error)
        case let error as FleetAPIError: self.init(AgentError(error))
        case let error as CommandFailure:
            self.init(
                status: error.status, code: "command", message: error.message, hints: error.hints, retryAfter: nil)
        default:
            self.init(
                status: .internalError, code: "internal", message: "\(error)", hints: [], retryAfter: nil)
        }
    }

    init(_ error: AgentError) {
        let code = error.cause.map { "server.\($0.problem?.type.shortName ?? "answer")" } ?? "\(error.code)"
        self.init(
            status: ExitStatus(error), code: code, message: error.message,
            hints: error.hint?.split(separator: "\n").map(String.init) ?? [], retryAfter: error.retryAfter)
    }
}

extension ExitStatus {
    init(_ error: AgentError) {
        self =
            switch error.code {
            case .configuration, .notEnrolled: .configuration
            case .badToken: .badInput
            case .cannotWrite: .cannotWrite
            case .busy, .cancelled: .temporary
            case .server: ExitStatus(error.cause)
            default: .unavailable
            }
    }

    private init(_ cause: FleetAPIError?) {
        self =
            switch cause?.code {
            case FleetAPIError.Code.unauthorized, FleetAPIError.Code.forbidden, FleetAPIError.Code.conflict,
                FleetAPIError.Code.untrusted:
                .refused
            case FleetAPIError.Code.rejected, FleetAPIError.Code.notFound: .badInput
            case FleetAPIError.Code.limited, FleetAPIError.Code.timedOut: .temporary
            case FleetAPIError.Code.unavailable where cause?.retryAfter != nil: .temporary
            default: .unavailable
            }
    }
}
