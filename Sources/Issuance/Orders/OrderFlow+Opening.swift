import ACME
import DNSUpdate
import DeviceCertificates
import FleetStore
import FoundationEssentials
import X509

extension OrderFlow {
    enum Opening {
        case underWay(OrderRecord, Order)
        /// The chain is in the store already; only its delivery was interrupted.
        case fetched(OrderRecord, IssuedCertificate)
    }

    /// Goes on with the order that an earlier run left open, or makes one.
    func open(_ purpose: Purpose) async throws -> Opening {
        progress(.init(.order, "ordering a certificate for \(purpose.names.joined(separator: " and "))"))
        if let open = try await store.openOrder(of: purpose.device.id, directoryURL: session.client.directoryURL.text) {
            if let resumed = try await resume(open, purpose) { return resumed }
        }
        // An alias that leads out of the configured zones, or a name without room for the label, would cost the order.
        try await solver.survey(Self.validatedNames(purpose), account: session.url)
        // Before the journal and before the CA: what would exceed a limit is not sent (DESIGN §6 rule 10).
        try await budget.reserve(purpose.names, purpose.kind)
        let record = try await store.beginOrder(
            NewOrder(
                deviceID: purpose.device.id, directoryURL: session.client.directoryURL.text, identifiers: purpose.names,
                profile: purpose.profile, replaces: purpose.replaces?.text, csr: purpose.request.der))
        CrashPoint.reached(.planned)
        return try await create(record, purpose, isRepeated: false)
    }

    /// What the CA is going to validate: a wildcard by the name below its asterisk (RFC 8555 §7.1.3).
    static func validatedNames(_ purpose: Purpose) -> [DomainName] {
        IssuanceLimits.validated(purpose.names).compactMap { try? DomainName($0) }
    }

    private func resume(_ open: OrderRecord, _ purpose: Purpose) async throws -> Opening? {
        func giveUp(_ reason: String, wasIssued: Bool = false) async throws {
            _ = try await note(open, .failed, OrderChange(lastError: reason))
            if !wasIssued { try await budget.giveBack(open.identifiers, purpose.kind) }
        }
        /// A request is signed anew in each run; what has to be the same is its key.
        let isSameKey =
            open.csr.flatMap { try? CertificateRequest($0, names: purpose.names) }.map {
                $0.publicKey == purpose.request.publicKey
            } ?? false
        guard Set(open.identifiers) == Set(purpose.names), open.profile == purpose.profile else {
            try await giveUp("superseded by an order for other names or another profile")
            return nil
        }
        if open.step == .downloaded, isSameKey, let stored = try await store.certificate(of: open.id) {
            return .fetched(open, try IssuedCertificate(pem: stored.chainPEM))
        }
        // The answer to newOrder was lost. The CA hands the same order back for the same names and account, if it has
        // one. The limits have been charged when the order was planned.
        guard let text = open.orderURL, let url = try? ACMEURL(text) else {
            return try await create(open, purpose, isRepeated: true)
        }
        guard let order = try await present(url) else {
            try await giveUp("the CA no longer knows the order", wasIssued: open.step >= .finalized)
            return nil
        }
        if let reason = abandonment(of: open, order, purpose) {
            try await giveUp(reason, wasIssued: open.step >= .finalized)
            return nil
        }
        switch order.status {
        case .pending, .ready:
            return .underWay(try await note(open, open.step, OrderChange(csr: purpose.request.der)), order)
        case .processing where isSameKey, .valid where isSameKey:
            return .underWay(open, order)
        case .processing, .valid:
            try await giveUp("finalized with a request whose key is not at hand any more", wasIssued: true)
            return nil
        default:
            try await giveUp(
                "the order became \(order.status) at the CA: \(order.error.map { "\($0)" } ?? "no reason given")")
            return nil
        }
    }

    private func create(_ record: OrderRecord, _ purpose: Purpose, isRepeated: Bool) async throws -> Opening {
        do {
            let order = try await requestOrder(record, purpose, isRepeated: isRepeated)
            let noted = try await note(
                record, .created, OrderChange(orderURL: order.url.text, expiresAt: order.expires))
            return .underWay(noted, order)
        } catch let error as ACMEError where error.code == .protocolViolation && error.mayHaveBeenApplied {
            // The CA has an order that nobody can find again: it is spent, and the next one is to be charged like it.
            try await close(record, because: error)
            throw Self.unusable(error)
        } catch let error as ACMEError where error.code == .rateLimited || error.code == .identifierPaused {
            // There is no order, so nothing to resume; and the CA counts no order that it refuses.
            try await close(record, because: error)
            try await budget.giveBack(purpose.names, purpose.kind, withOrder: true)
            try await budget.reconcile(error, names: purpose.names)
            throw error
        } catch {
            try await journalFailure(error, of: record, purpose)
            throw error
        }
    }

    /// - Parameter isRepeated: whether the same request was sent before, with an answer that nobody read.
    private func requestOrder(_ record: OrderRecord, _ purpose: Purpose, isRepeated: Bool) async throws -> Order {
        var request = OrderRequest(
            identifiers: purpose.names.map { .dns($0) }, profile: purpose.profile, replaces: purpose.replaces)
        do throws(ACMEError) {
            return try await session.newOrder(request)
        } catch {
            guard error.code == .alreadyReplaced, let replaced = request.replaces else { throw error }
            guard try await isReplacedByUs(replaced, record, isRepeated: isRepeated) else {
                try await report(error, purpose)
                guard purpose.isForced else { throw Self.replacedElsewhere(error, purpose) }
                progress(.init(.order, "somebody else's order has replaced the certificate; ordering one beside it"))
                try await budget.reserve(purpose.names, .renewal)
                request.replaces = nil
                return try await session.newOrder(request)
            }
            // The same request without the field gets that very order from a CA that reuses orders, and a new one from
            // others: RFC 9773 §7.4 leaves no other way on.
            request.replaces = nil
            return try await session.newOrder(request)
        }
    }

    /// Somebody else with our account is the operator's business, whatever becomes of this order.
    private func report(_ error: ACMEError, _ purpose: Purpose) async throws(FleetStoreError) {
        try await store.appendAudit(
            NewAuditEntry(
                actor: Requester.system.actor, action: "replaced-elsewhere", subject: purpose.device.name,
                origin: Requester.system.origin, detail: String("\(error)".prefix(1_000))))
    }

    /// Whether an order in the journal is the one that stands in the way: this one, if it was sent before, or an earlier
    /// one of the device for the same certificate that the CA took. One that it refused for this very reason is none.
    private func isReplacedByUs(
        _ replaced: CertificateID, _ record: OrderRecord, isRepeated: Bool
    ) async throws(FleetStoreError) -> Bool {
        if isRepeated, record.replaces == replaced.text { return true }
        return try await store.orders(of: record.deviceID, limit: 100).contains {
            $0.id != record.id && $0.orderURL != nil && $0.directoryURL == record.directoryURL
                && $0.replaces == replaced.text
        }
    }

    /// How long the other side's order is left to its fate when the CA does not say.
    private static let patience = Duration.seconds(6 * 3_600)

    private static func replacedElsewhere(_ error: ACMEError, _ purpose: Purpose) -> IssuanceError {
        IssuanceError(
            .replacedElsewhere,
            "the CA says that the certificate of \(purpose.device.name) has a replacement already, which is not in this"
                + " server's journal: \(error.message)",
            hints: [
                "does another server or client use the same account, or was this state directory restored from a backup?",
                "the order of the other side may run out (hours to days); this server tries again, and without the"
                    + " exemption from limits once half of the time to the certificate's end is gone",
                "to have a certificate now, order one that replaces nothing: ddns-acme issue"
                    + " \(purpose.device.name) --force",
            ], cause: error, isTemporary: true, retryAfter: error.retryAfter?.delay ?? patience)
    }
}
