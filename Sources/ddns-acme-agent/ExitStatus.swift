import DeviceAgent
import FleetAPI

/// The exit statuses of the contract, which are those of sysexits.h.
enum ExitStatus: Int32 {
    case usage = 64
    case badInput = 65
    case unavailable = 69
    case internalError = 70
    case cannotWrite = 73
    case temporary = 75
    case refused = 77
    case configuration = 78

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
