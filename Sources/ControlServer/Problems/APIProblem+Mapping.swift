import FleetAPI
import FleetStore
import Issuance

extension APIProblem {
    /// The one place where failures of the modules below become answers. What is nobody's business outside (a bug, a broken
    /// disk) is `internal-error` without detail; the log has it.
    package init(_ error: any Error) {
        switch error {
        case let problem as APIProblem: self = problem
        case let error as IssuanceError: self.init(error)
        case let error as FleetStoreError: self.init(error)
        case is CancellationError:
            self.init(.overloaded, "the server is shutting down", retryAfter: .seconds(10))
        default:
            if let verdict = ZoneVerdict(error) {
                self.init(ProblemType(verdict), explaining: error, retryAfter: nil)
                return
            }
            guard let trouble = AuthorityTrouble(error) else {
                self.init(.internalError)
                return
            }
            self.init(
                trouble.isTemporary ? .caUnavailable : .issuanceFailed, explaining: error,
                retryAfter: trouble.retryAfter)
        }
    }

    private init(_ error: IssuanceError) {
        let type: ProblemType =
            switch error.code {
            case .invalidName, .nameInNoZone: .badName
            case .invalidAddress: .badAddress
            case .addressRefused: .addressNotAllowed
            case .invalidRequest, .invalidKey: .badCSR
            case .nameTaken: .nameInUse
            case .unknownDevice: .notFound
            case .stateForbids, .accountMissing: .conflict
            case .busy: .overloaded
            // The primary said yes and did otherwise; only what it has not done yet is worth waiting for.
            case .publication: error.isTemporary ? .dnsUnavailable : .dnsRefused
            case .propagation, .challengeZone: .dnsUnavailable
            case .limitReached: .rateLimited
            default: .issuanceFailed
            }
        self.init(type, explaining: error, retryAfter: error.retryAfter)
    }

    private init(_ error: FleetStoreError) {
        switch error.code {
        case .busy, .leaseHeld, .leaseLost: self.init(.overloaded, retryAfter: .seconds(5))
        // Which disk, and why, is for the log.
        case _ where error.isForWantOfRoom:
            self.init(.overloaded, "the server cannot store anything at present", retryAfter: .seconds(60))
        case .notFound: self.init(.notFound)
        case .conflict: self.init(.conflict, error.message)
        case .invalidValue: self.init(.malformed, error.message, hint: error.hint)
        default: self.init(.internalError)
        }
    }

    private init(_ type: ProblemType, explaining error: any Error, retryAfter: Duration?) {
        let (message, hints) = CheckStep.explanation(of: error)
        let needsRetry = [.dnsUnavailable, .caUnavailable, .overloaded].contains(type)
        self.init(
            type, message, hint: hints.isEmpty ? nil : hints.joined(separator: "\n"),
            retryAfter: retryAfter ?? (needsRetry ? .seconds(30) : nil))
    }
}

extension ProblemType {
    init(_ verdict: ZoneVerdict) {
        self =
            switch verdict {
            case .refused: .dnsRefused
            case .misconfigured: .dnsMisconfigured
            case .unavailable: .dnsUnavailable
            }
    }
}
