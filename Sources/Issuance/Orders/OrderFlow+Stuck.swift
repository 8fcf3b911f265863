import ACME
import DeviceCertificates
import FleetStore
import FoundationEssentials

/// Orders that do not come to an end: when they are gone on with, and when they are given up for a new one.
extension OrderFlow {
    /// How old an order must be to be given up for failing at its last step again, in seconds. A CA that is only slow has
    /// that long; a certificate that is lost costs another, and a device without one costs more.
    private static let patience: TimeInterval = 6 * 3_600

    /// Answers that an order which is finalized gets for good: a certificate that is not there or not readable, an order
    /// that stays `processing`. A CA that cannot be reached says nothing about the order.
    private static let lastingCodes: [ACMEError.Code] = [
        .notFound, .protocolViolation, .responseTooLarge, .stillProcessing,
    ]

    /// Pause before an order that seems to be gone is read again; in front of a CA there may be replicas that lag.
    private static let rereadPause: Duration = .seconds(2)

    /// Longest wait for a certificate that has not begun, here.
    private static let longestWait: TimeInterval = 60

    /// The order as the CA has it; nil when the CA, asked twice, does not have it for this account.
    func present(_ url: ACMEURL) async throws(ACMEError) -> Order? {
        do throws(ACMEError) {
            return try await session.order(at: url)
        } catch {
            guard Self.isDenial(error) else { throw error }
        }
        try await session.client.pause(for: Self.rereadPause)
        do throws(ACMEError) {
            return try await session.order(at: url)
        } catch {
            guard Self.isDenial(error) else { throw error }
            guard error.code != .notFound else { return nil }
            // Of another account's order; or the account or its key is refused, which is for the caller to look into.
            do throws(ACMEError) {
                guard try await session.account().status == .valid else { throw error }
                return nil
            } catch let second {
                throw second.code == error.code ? error : second
            }
        }
    }

    private static func isDenial(_ error: ACMEError) -> Bool {
        [.notFound, .malformed, .unauthorized].contains(error.code)
    }

    /// Why an order that the CA still has is given up; nil: it is gone on with.
    func abandonment(of open: OrderRecord, _ order: Order, _ purpose: Purpose) -> String? {
        let isOver = (order.expires ?? open.expiresAt).map { $0 <= now() } ?? false
        switch order.status {
        case .pending, .ready:
            return isOver ? "the order ran out" : nil
        case .processing, .valid:
            // A certificate that is there can be fetched after its order has run out (RFC 8555 §7.1.6).
            if isOver, order.status == .processing || open.lastError != nil {
                return "the order ran out before its certificate could be fetched"
            }
            if let forcedAt = purpose.forcedAt, forcedAt > open.updatedAt, Self.isStuck(open) {
                return "given up for another one, as was asked: \(open.lastError ?? "")"
            }
            return nil
        default: return nil
        }
    }

    /// Whether nothing is to be expected of the order any more after this failure.
    func isHopeless(_ error: any Error, _ record: OrderRecord) -> Bool {
        guard let failure = error as? ACMEError, Self.lastingCodes.contains(failure.code) else { return false }
        return Self.isStuck(record) && now().timeIntervalSince(record.createdAt) > Self.patience
    }

    /// Whether the order has failed at its last step before.
    private static func isStuck(_ record: OrderRecord) -> Bool {
        guard record.step >= .finalized, let reason = record.lastError else { return false }
        return lastingCodes.contains { reason.hasPrefix("\($0): ") }
    }

    /// A clock that is a few seconds behind the CA's is no reason to throw a certificate away and order another.
    func waitForBeginning(of certificate: IssuedCertificate) async throws {
        let wait = certificate.beginning.timeIntervalSince(now())
        guard wait > 0, wait <= Self.longestWait else { return }
        progress(.init(.download, "waiting \(Int(wait.rounded(.up))) s until the certificate is valid"))
        try await session.client.pause(for: .milliseconds(Int64((wait * 1_000).rounded(.up))))
    }

    /// An order that the CA made and said nothing usable of.
    static func unusable(_ error: ACMEError) -> IssuanceError {
        IssuanceError(
            .certificateAuthority, "the CA took the order, and its answer cannot be used: \(error.message)",
            hints: [
                "check that the URL is that of the CA you mean (acme.directory), and what a proxy in between changes",
                "each attempt costs an order at the CA; they come ever more slowly",
            ], cause: error, isTemporary: true)
    }
}
