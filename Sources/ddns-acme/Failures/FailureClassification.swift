import ACME
import CertificateFiles
import CommandLineProgram
import ControlServer
import DNSUpdate
import DeviceCertificates
import FleetAPI
import FleetConfiguration
import FleetStore
import Issuance
import PKCS12

/// The exit status of each failure (DESIGN §3).
struct FailureClassification {
    let status: ExitStatus
    let code: String
    let retryAfter: Duration?

    init(_ error: any Error) {
        switch error {
        case let error as CommandFailure: self.init(error.status, "command")
        case let error as ConfigurationError: self.init(.configuration, "configuration.\(error.code)")
        case let error as IssuanceError: self.init(error)
        case let error as DeviceCertificateError: self.init(IssuanceError(error))
        case let error as UpdateFailure: self.init(Self.status(of: error), "dns.\(error.code)")
        case let error as LookupFailure: self.init(Self.status(of: error), "lookup.\(error.code)")
        case let error as TransferFailure: self.init(Self.status(of: error), "transfer.\(error.code)")
        case let error as PropagationFailure: self.init(Self.status(of: error), "propagation.\(error.code)")
        case let error as ServerAddressError:
            self.init(error.code == .unresolvable ? .unavailable : .badInput, "server.\(error.code)")
        case is TSIGKeyFileError, is TSIGKeyError: self.init(.configuration, "tsig-key")
        case let error as ACMEError: self.init(Self.status(of: error), "acme.\(error.code)", error.retryAfter?.delay)
        case let error as FleetStoreError: self.init(Self.status(of: error), "store.\(error.code)")
        case let error as CertificateFilesError:
            self.init(error.code == .unreadable || error.code == .unsafeName ? .badInput : .cannotWrite, "files")
        case is PKCS12Error: self.init(.badInput, "pkcs12")
        case let error as FleetAPIError:
            self.init(Self.status(of: error), "server.\(error.problem?.type.shortName ?? "answer")", error.retryAfter)
        case let error as APIProblem:
            self.init(
                Self.status(of: error.document) ?? .internalError, "fleet.\(error.document.type.shortName)",
                error.retryAfter)
        case let error as ServerStartFailure:
            self.init(error.code == .addressInUse ? .unavailable : .configuration, "serve.\(error.code)")
        case is CancellationError: self.init(.temporary, "cancelled")
        default: self.init(.internalError, "internal")
        }
    }

    private init(_ status: ExitStatus, _ code: String, _ retryAfter: Duration? = nil) {
        self.status = status
        self.code = code
        self.retryAfter = retryAfter
    }

    private init(_ error: IssuanceError) {
        let status: ExitStatus =
            switch error.code {
            case .invalidName, .nameInNoZone, .invalidAddress, .invalidRequest, .invalidKey, .unknownDevice: .badInput
            case .addressRefused, .nameTaken, .caaForbids: .refused
            case .challengeZone, .accountMissing, .profileUnknown: .configuration
            case .publication: error.isTemporary ? .unavailable : .refused
            case .certificateAuthority, .chainRejected: .unavailable
            case .propagation, .busy: .temporary
            default: error.isTemporary ? .temporary : .refused
            }
        self.init(status, "issuance.\(error.code)", error.retryAfter)
    }

    private static func status(of error: FleetAPIError) -> ExitStatus {
        if let status = error.problem.flatMap({ Self.status(of: $0) }) { return status }
        return switch error.code {
        case .badServerURL: .usage
        case .cancelled, .limited: .temporary
        case .unauthorized, .forbidden, .conflict: .refused
        case .rejected, .notFound: .badInput
        default: .unavailable
        }
    }

    /// The status of a problem, whoever met it.
    private static func status(of problem: ProblemDocument) -> ExitStatus? {
        switch problem.type {
        case .dnsRefused: .refused
        case .dnsMisconfigured: .configuration
        default: problem.status.map { status(ofHTTP: $0) }
        }
    }

    private static func status(ofHTTP status: Int) -> ExitStatus {
        switch status {
        case 401, 403, 409: .refused
        case 408, 429, 502: .temporary
        case 500: .internalError
        case 503: .unavailable
        default: .badInput
        }
    }

    private static func status(of error: UpdateFailure) -> ExitStatus {
        switch error.code {
        case .badKey, .badSignature, .badTime, .badTruncation, .refused: .refused
        case .notAuthoritative, .notZone: .configuration
        case .noAnswer, .connectionRefused, .unreachable, .answerNotTrusted, .notImplemented: .unavailable
        case .formErr, .invalidMessage, .messageTooLarge: .internalError
        default: .temporary
        }
    }

    private static func status(of error: LookupFailure) -> ExitStatus {
        switch error.code {
        case .refused: .refused
        case .notAuthoritative, .noZone, .invalidQuestion, .aliasLoop: .configuration
        case .cancelled: .temporary
        default: .unavailable
        }
    }

    private static func status(of error: PropagationFailure) -> ExitStatus {
        switch error.outlook {
        case .mayPass: .temporary
        case .serverAway: .unavailable
        case .misconfigured: .configuration
        }
    }

    private static func status(of error: TransferFailure) -> ExitStatus {
        switch error.code {
        case .refused, .signatureRefused: .refused
        case .notAuthoritative, .otherZone: .configuration
        case .brokenOff, .changed, .cancelled: .temporary
        case .invalidRequest: .internalError
        default: .unavailable
        }
    }

    private static func status(of error: ACMEError) -> ExitStatus {
        switch error.code {
        case .badCSR, .badPublicKey: .badInput
        case .caa, .rejectedIdentifier, .unauthorized, .identifierPaused, .userActionRequired, .badRevocationReason,
            .alreadyRevoked, .unsupportedIdentifier:
            .refused
        case .externalAccountRequired, .invalidContact, .unsupportedContact, .invalidProfile, .accountDoesNotExist,
            .serverUntrusted,
            // Trust roots, a proxy, an external account, the account's key: what the configuration names.
            .invalidInput:
            .configuration
        case .malformed: .internalError
        case .nameResolutionFailed, .connectFailed, .proxyFailed, .timedOut, .connectionLost, .tlsFailed,
            .protocolViolation, .responseTooLarge, .notFound, .unsupported:
            .unavailable
        default: error.isTemporary ? .temporary : .unavailable
        }
    }

    private static func status(of error: FleetStoreError) -> ExitStatus {
        switch error.code {
        case .notADirectory, .notWritable, .insecureDirectory, .diskFull, .corrupt, .inputOutput: .cannotWrite
        case .busy, .leaseLost, .leaseHeld: .temporary
        case .newerSchema: .configuration
        default: .internalError
        }
    }
}
