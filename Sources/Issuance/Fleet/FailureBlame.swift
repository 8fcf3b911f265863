import ACME
import FleetStore

/// Whose failure an attempt was, which decides how the next ones go: what is wrong with one device is no reason to leave
/// it alone for less long, and what is wrong with the CA is no reason to give devices up.
struct FailureBlame: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        /// A limit or an overloaded CA: the order was not sent, or not taken.
        case limit
        /// The CA, the primary or the network do not work.
        case surroundings
        /// What the device asks for, or its place in DNS.
        case device
        /// The CA has paused the name; it says where the pause can be ended.
        case paused
    }

    let kind: Kind
    /// Whether another request of the device may fare better at once.
    let concernsRequest: Bool
    /// Where the operator can have the CA resume.
    let link: String?

    init(_ error: any Error) {
        let cause = error as? ACMEError ?? (error as? IssuanceError)?.cause as? ACMEError
        let ofRequest: [IssuanceError.Code] = [.invalidRequest, .invalidKey]
        concernsRequest =
            cause.map { [.badCSR, .badPublicKey].contains($0.code) } ?? false
            || (error as? IssuanceError).map { ofRequest.contains($0.code) } ?? false
        switch error {
        case let error as ACMEError:
            kind = error.refusedBy != nil && error.code != .identifierPaused ? .limit : Self.kind(error.code)
            link = kind == .paused ? error.link : nil
        case let error as IssuanceError:
            let below = (error.cause as? ACMEError).map { FailureBlame($0) }
            // An order was spent (``OrderFlow/unusable(_:)``): as with a failed validation, the next ones come ever more slowly.
            let isSpent = error.code == .certificateAuthority && (error.cause as? ACMEError)?.mayHaveBeenApplied == true
            kind = below?.kind == .paused ? .paused : isSpent ? .device : Self.kind(error)
            link = below?.link
        default:
            (kind, link) = (.surroundings, nil)
        }
    }

    /// What the store is told; ``ParkingRule`` may know better.
    var setback: RequestSetback {
        switch kind {
        case .limit: .postponed
        case .surroundings: .failure
        case .device, .paused: .fault
        }
    }

    private static func kind(_ code: ACMEError.Code) -> Kind {
        switch code {
        case .identifierPaused: .paused
        case .rateLimited, .serviceBusy, .heldBack: .limit
        case .authorizationInvalid, .orderInvalid, .rejectedIdentifier, .unsupportedIdentifier, .badCSR, .badPublicKey,
            .caa, .dns, .incorrectResponse, .connection, .tls, .compound:
            .device
        default: .surroundings
        }
    }

    private static func kind(_ error: IssuanceError) -> Kind {
        switch error.code {
        case .limitReached: .limit
        case .challengeFailed, .caaForbids, .invalidName, .nameInNoZone, .invalidRequest, .invalidKey, .nameTaken,
            .chainRejected:
            .device
        default: .surroundings
        }
    }
}
