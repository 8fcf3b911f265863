extension ACMEError {
    /// What callers branch on. New codes may be added; a problem type this list does not know has the code
    /// `otherProblem`.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        let name: String

        package var description: String { name }

        // MARK: Problem types (RFC 8555 §6.7; RFC 9773 §7.4; draft-ietf-acme-profiles)

        package static let accountDoesNotExist = Code(name: "accountDoesNotExist")
        package static let alreadyReplaced = Code(name: "alreadyReplaced")
        package static let alreadyRevoked = Code(name: "alreadyRevoked")
        package static let badCSR = Code(name: "badCSR")
        package static let badNonce = Code(name: "badNonce")
        package static let badPublicKey = Code(name: "badPublicKey")
        package static let badRevocationReason = Code(name: "badRevocationReason")
        package static let badSignatureAlgorithm = Code(name: "badSignatureAlgorithm")
        package static let caa = Code(name: "caa")
        package static let compound = Code(name: "compound")
        /// Not in RFC 8555: two requests for one challenge at once (Boulder), or a key that has an account already.
        package static let conflict = Code(name: "conflict")
        package static let connection = Code(name: "connection")
        package static let dns = Code(name: "dns")
        package static let externalAccountRequired = Code(name: "externalAccountRequired")
        package static let incorrectResponse = Code(name: "incorrectResponse")
        package static let invalidContact = Code(name: "invalidContact")
        package static let invalidProfile = Code(name: "invalidProfile")
        package static let malformed = Code(name: "malformed")
        package static let orderNotReady = Code(name: "orderNotReady")
        package static let rateLimited = Code(name: "rateLimited")
        package static let rejectedIdentifier = Code(name: "rejectedIdentifier")
        package static let serverInternal = Code(name: "serverInternal")
        package static let tls = Code(name: "tls")
        package static let unauthorized = Code(name: "unauthorized")
        package static let unsupportedContact = Code(name: "unsupportedContact")
        package static let unsupportedIdentifier = Code(name: "unsupportedIdentifier")
        package static let userActionRequired = Code(name: "userActionRequired")
        /// The CA answers an error of a type unknown here; see `ACMEError.problem`.
        package static let otherProblem = Code(name: "otherProblem")

        /// The codes that RFC problem types map to by their name.
        static let problemTypes: [String: Code] = Dictionary(
            uniqueKeysWithValues: [
                accountDoesNotExist, alreadyReplaced, alreadyRevoked, badCSR, badNonce, badPublicKey,
                badRevocationReason,
                badSignatureAlgorithm, caa, compound, conflict, connection, dns, externalAccountRequired,
                incorrectResponse,
                invalidContact, invalidProfile, malformed, orderNotReady, rateLimited, rejectedIdentifier,
                serverInternal, tls,
                unauthorized, unsupportedContact, unsupportedIdentifier, userActionRequired,
            ].map { ($0.name, $0) })

        // MARK: The CA's state, told by objects instead of problem types

        /// The CA has paused issuance for this account and name until somebody follows the link (Boulder).
        package static let identifierPaused = Code(name: "identifierPaused")
        /// The order ended without a certificate.
        package static let orderInvalid = Code(name: "orderInvalid")
        /// An authorization ended without being valid; `ACMEError.problem` says why.
        package static let authorizationInvalid = Code(name: "authorizationInvalid")
        /// The deadline of a poll passed while the CA was still at work.
        package static let stillProcessing = Code(name: "stillProcessing")
        /// The CA answers 503, or a 5xx without a problem document.
        package static let serviceBusy = Code(name: "serviceBusy")
        /// The CA has asked to be left alone for a while that is not over: nothing was sent.
        package static let heldBack = Code(name: "heldBack")
        /// The resource is not there (404, 410).
        package static let notFound = Code(name: "notFound")
        /// The CA does not offer what was asked for, e.g. has no `renewalInfo`.
        package static let unsupported = Code(name: "unsupported")

        // MARK: The way to the CA

        package static let nameResolutionFailed = Code(name: "nameResolutionFailed")
        package static let connectFailed = Code(name: "connectFailed")
        package static let proxyFailed = Code(name: "proxyFailed")
        package static let tlsFailed = Code(name: "tlsFailed")
        package static let serverUntrusted = Code(name: "serverUntrusted")
        package static let timedOut = Code(name: "timedOut")
        package static let connectionLost = Code(name: "connectionLost")
        package static let responseTooLarge = Code(name: "responseTooLarge")

        // MARK: This side

        /// The server's answer breaks the protocol.
        package static let protocolViolation = Code(name: "protocolViolation")
        /// A key, file, CSR or setting that was given is not usable.
        package static let invalidInput = Code(name: "invalidInput")
        /// The calling task was cancelled.
        package static let cancelled = Code(name: "cancelled")

        var isTemporary: Bool {
            switch self {
            case .rateLimited, .serverInternal, .serviceBusy, .heldBack, .stillProcessing, .badNonce,
                .nameResolutionFailed, .connectFailed, .proxyFailed, .timedOut, .connectionLost:
                true
            default: false
            }
        }
    }
}
