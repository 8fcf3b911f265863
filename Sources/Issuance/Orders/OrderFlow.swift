import ACME
import DNSUpdate
import DeviceCertificates
import FleetStore
import FoundationEssentials
import X509

/// Takes one order from the request to the chain. Each step with an outside effect is in the journal before it is taken,
/// so that a run after a crash goes on with the same order (DESIGN §6 rule 9).
struct OrderFlow: Sendable {
    /// What an order is made for.
    struct Purpose: Sendable {
        let device: Device
        let names: [String]
        let profile: String?
        let replaces: CertificateID?
        /// What the order is to the CA's limits.
        let kind: OrderKind
        /// Whether it is made even if somebody else's order has replaced the present certificate.
        let isForced: Bool
        /// When somebody asked for that; see ``CertificateIssuer/Wish/forcedAt``.
        let forcedAt: Date?
        let request: CertificateRequest
    }

    let session: AccountSession
    let store: any FleetStore
    let solver: any ChallengeSolver
    let policy: OrderPolicy
    let lease: Lease
    let budget: IssuanceBudget
    let progress: ProgressHandler
    let now: @Sendable () -> Date

    /// - Returns: the chain, proved to be the right one, and the journal's record.
    func run(_ purpose: Purpose) async throws -> (certificate: IssuedCertificate, record: OrderRecord) {
        defer { solver.forget(Self.validatedNames(purpose), account: session.url) }
        switch try await open(purpose) {
        case .fetched(let record, let certificate):
            return (certificate, record)
        case .underWay(var record, var order):
            do {
                if order.status == .pending {
                    try await authorize(order, record: record, purpose: purpose)
                    record = try await note(record, .validated)
                } else if record.step >= .published {
                    // The CA has validated since an earlier run went away and left the challenge to it.
                    await withdraw([], of: record)
                }
                order = try await finalize(order, record: record, purpose: purpose)
                progress(.init(.download, "fetching the certificate"))
                let chain = try await session.certificateChain(of: order, preferredIssuer: policy.preferredIssuer)
                if let preferred = policy.preferredIssuer, !chain.isIssued(by: preferred) {
                    progress(
                        .init(
                            .download,
                            "warning: the CA offers no chain to \(preferred); taking the one to \(chain.rootName ?? "?")"
                        ))
                }
                let certificate = try IssuedCertificate(answer: chain.certificates)
                try await waitForBeginning(of: certificate)
                try certificate.verify(key: purpose.request.publicKey, names: purpose.names, now: now())
                return (certificate, record)
            } catch {
                let error = await explained(error, order)
                try await journalFailure(error, of: record, purpose)
                throw error
            }
        }
    }

    /// What is really wrong when the CA does not understand a request for something that ran out meanwhile.
    private func explained(_ error: any Error, _ order: Order) async -> any Error {
        guard !Task.isCancelled, let refusal = error as? ACMEError,
            [.malformed, .notFound, .orderNotReady].contains(refusal.code)
        else { return error }
        do throws(ACMEError) {
            let present = try await session.order(at: order.url)
            let isOver = present.status == .invalid || present.expires.map { $0 <= now() } ?? false
            guard isOver, present.error == nil else { return error }
        } catch {
            guard error.code == .notFound else { return refusal }
        }
        return IssuanceError(
            .orderGone, "the order ran out before it was done (\(refusal.message))",
            hints: [
                "the next attempt makes a new order",
                "some profiles give an authorization one hour: if it happens again, find out what takes the DNS so long"
                    + " (ddns-acme check)",
            ], cause: refusal, isTemporary: true)
    }

    // MARK: - Certificate

    private func finalize(_ order: Order, record: OrderRecord, purpose: Purpose) async throws -> Order {
        progress(.init(.finalize, "finalizing the order"))
        if order.status == .valid { return order }
        if order.status == .processing { return try await session.waitUntilValid(order) }
        _ = try await note(record, .finalized, OrderChange(csr: purpose.request.der))
        return try await session.finalize(order, csr: purpose.request.der)
    }

    // MARK: - Journal

    /// A resumed order may be further in the journal than at the CA; the journal does not go back.
    func note(
        _ record: OrderRecord, _ step: OrderRecord.Step, _ change: OrderChange = OrderChange()
    ) async throws(FleetStoreError) -> OrderRecord {
        let noted = try await store.advanceOrder(record.id, to: max(step, record.step), change, holding: lease)
        CrashPoint.reached(step)
        return noted
    }

    /// An order that can still become a certificate stays open for the next run; one that cannot is closed.
    func journalFailure(_ error: any Error, of record: OrderRecord, _ purpose: Purpose) async throws {
        let isOver: Bool =
            switch error {
            case let error as ACMEError:
                [.orderInvalid, .authorizationInvalid, .rejectedIdentifier, .badCSR, .caa, .invalidProfile].contains(
                    error.code)
            case let error as IssuanceError:
                [.challengeFailed, .chainRejected, .replacedElsewhere, .orderGone].contains(error.code)
            default: false
            }
        guard !isOver else {
            try await close(record, because: error)
            // A certificate that came and was not the right one counts all the same.
            if (error as? IssuanceError)?.code != .chainRejected {
                try await budget.giveBack(purpose.names, purpose.kind)
            }
            return
        }
        let current = try await store.order(record.id) ?? record
        guard !current.step.isFinal else { return }
        if isHopeless(error, current) {
            // Finalized, so the certificate counts.
            return try await close(record, because: error)
        }
        _ = try await store.advanceOrder(
            record.id, to: current.step, OrderChange(lastError: Self.reason(error)), holding: lease)
    }

    /// Nothing more will come of the order.
    func close(_ record: OrderRecord, because error: any Error) async throws(FleetStoreError) {
        guard try await store.order(record.id)?.step.isFinal == false else { return }
        _ = try await store.advanceOrder(
            record.id, to: .failed, OrderChange(lastError: Self.reason(error)), holding: lease)
    }

    private static func reason(_ error: any Error) -> String { String("\(error)".prefix(1_000)) }
}
