import ACME
import DNSUpdate
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
        let request: CertificateRequest
    }

    let session: AccountSession
    let store: any FleetStore
    let solver: any ChallengeSolver
    let lease: Lease
    let progress: ProgressHandler
    let now: @Sendable () -> Date

    /// - Returns: the chain, proved to be the right one, and the journal's record.
    func run(_ purpose: Purpose) async throws -> (certificate: IssuedCertificate, record: OrderRecord) {
        switch try await open(purpose) {
        case .fetched(let record, let certificate):
            return (certificate, record)
        case .underWay(var record, var order):
            do {
                if order.status == .pending {
                    try await authorize(order, record: record, purpose: purpose)
                    record = try await note(record, .validated)
                }
                order = try await finalize(order, record: record, purpose: purpose)
                progress(.init(.download, "fetching the certificate"))
                let chain = try await session.certificateChain(of: order)
                let certificate = try IssuedCertificate(der: chain.certificates)
                try certificate.verify(key: purpose.request.publicKey, names: purpose.names, now: now())
                return (certificate, record)
            } catch {
                try await journalFailure(error, of: record)
                throw error
            }
        }
    }

    // MARK: - Opening

    private enum Opening {
        case underWay(OrderRecord, Order)
        /// The chain is in the store already; only its delivery was interrupted.
        case fetched(OrderRecord, IssuedCertificate)
    }

    /// Goes on with the order that an earlier run left open, or makes one.
    private func open(_ purpose: Purpose) async throws -> Opening {
        progress(.init(.order, "ordering a certificate for \(purpose.names.joined(separator: " and "))"))
        if let open = try await store.openOrder(of: purpose.device.id, directoryURL: session.client.directoryURL.text) {
            if let resumed = try await resume(open, purpose) { return resumed }
        }
        let record = try await store.beginOrder(
            NewOrder(
                deviceID: purpose.device.id, directoryURL: session.client.directoryURL.text, identifiers: purpose.names,
                profile: purpose.profile, replaces: purpose.replaces?.text, csr: purpose.request.der))
        return try await create(record, purpose)
    }

    private func resume(_ open: OrderRecord, _ purpose: Purpose) async throws -> Opening? {
        func giveUp(_ reason: String) async throws {
            _ = try await note(open, .failed, OrderChange(lastError: reason))
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
        // The answer to newOrder was lost. The CA hands the same order back for the same names and account, if it has one.
        guard let text = open.orderURL, let url = try? ACMEURL(text) else { return try await create(open, purpose) }
        let order: Order
        do throws(ACMEError) {
            order = try await session.order(at: url)
        } catch {
            guard [.notFound, .malformed, .unauthorized].contains(error.code) else { throw error }
            try await giveUp("the CA no longer knows the order")
            return nil
        }
        switch order.status {
        case .pending, .ready:
            return .underWay(try await note(open, open.step, OrderChange(csr: purpose.request.der)), order)
        case .processing where isSameKey, .valid where isSameKey:
            return .underWay(open, order)
        case .processing, .valid:
            try await giveUp("finalized with a request whose key is not at hand any more")
            return nil
        default:
            try await giveUp(
                "the order became \(order.status) at the CA: \(order.error.map { "\($0)" } ?? "no reason given")")
            return nil
        }
    }

    private func create(_ record: OrderRecord, _ purpose: Purpose) async throws -> Opening {
        do {
            let order = try await requestOrder(purpose)
            let noted = try await note(
                record, .created, OrderChange(orderURL: order.url.text, expiresAt: order.expires))
            return .underWay(noted, order)
        } catch {
            try await journalFailure(error, of: record)
            throw error
        }
    }

    private func requestOrder(_ purpose: Purpose) async throws(ACMEError) -> Order {
        var request = OrderRequest(
            identifiers: purpose.names.map { .dns($0) }, profile: purpose.profile, replaces: purpose.replaces)
        do throws(ACMEError) {
            return try await session.newOrder(request)
        } catch {
            guard error.code == .alreadyReplaced, request.replaces != nil else { throw error }
            // An earlier order of ours holds the replacement. The same request without the field gets that very order from a
            // CA that reuses orders, and a new one from others: RFC 9773 §7.4 leaves no other way on.
            request.replaces = nil
            return try await session.newOrder(request)
        }
    }

    // MARK: - Authorizations

    private func authorize(_ order: Order, record: OrderRecord, purpose: Purpose) async throws {
        var pending: [(authorization: Authorization, challenge: Challenge, task: ChallengeTask)] = []
        for authorization in try await authorizations(of: order) {
            switch authorization.status {
            case .valid: continue
            case .pending: break
            default:
                throw IssuanceError(
                    .challengeFailed,
                    "the authorization of \(authorization.identifier) is \(authorization.status): "
                        + (authorization.problem.map { "\($0)" } ?? "the CA gave no reason"),
                    hints: ["run the command again: it makes a new order"], isTemporary: true)
            }
            guard let challenge = authorization.challenge(solver.type) else {
                throw IssuanceError(
                    .certificateAuthority,
                    "the CA offers no \(solver.type) challenge for \(authorization.identifier), only "
                        + authorization.challenges.map { "\($0.type)" }.joined(separator: ", "),
                    hints: ["use a CA that validates by DNS"])
            }
            guard let name = try? DomainName(authorization.identifier.value) else {
                throw IssuanceError(
                    .certificateAuthority, "the CA asks to validate \(authorization.identifier), which is no DNS name")
            }
            // RFC 8555 §7.1.3: the names of the order and no other. In the zone there are other devices.
            guard
                purpose.names.contains(where: {
                    (try? DomainName($0.hasPrefix("*.") ? String($0.dropFirst(2)) : $0)) == name
                })
            else {
                throw IssuanceError(
                    .certificateAuthority,
                    "the CA asks to validate \(authorization.identifier) in an order for "
                        + purpose.names.joined(separator: " and "),
                    hints: ["check that the URL is that of the CA you mean (acme.directory)"])
            }
            let task = ChallengeTask(
                identifier: name, keyAuthorization: try KeyAuthorization(challenge: challenge, key: session.key),
                deviceID: purpose.device.id, orderID: record.id)
            pending.append((authorization, challenge, task))
        }
        guard !pending.isEmpty else { return }
        let tasks = pending.map(\.task)
        do {
            progress(
                .init(
                    .publish,
                    "publishing \(tasks.count == 1 ? "the challenge" : "\(tasks.count) challenges") for \(purpose.device.name)"
                ))
            try Task.checkCancellation()
            try await solver.present(tasks)
            _ = try await note(record, .published)
            progress(.init(.propagate, "waiting until every authoritative server shows it"))
            try await solver.confirm(tasks) { progress(.init(.propagate, $0)) }
            _ = try await note(record, .confirmed)
            progress(.init(.validate, "waiting for the CA to validate"))
            _ = try await note(record, .triggered)
            try await validate(pending.map { ($0.authorization, $0.challenge) }, tasks: tasks)
        } catch {
            await withdraw(tasks)
            throw error
        }
        await withdraw(tasks)
    }

    private func withdraw(_ tasks: [ChallengeTask]) async {
        progress(.init(.withdraw, "withdrawing the challenge"))
        for remainder in await solver.withdraw(tasks) {
            progress(.init(.withdraw, remainder))
        }
    }

    private func authorizations(of order: Order) async throws -> [Authorization] {
        try await withThrowingTaskGroup(of: Authorization.self) { group in
            for url in order.authorizations { group.addTask { try await session.authorization(at: url) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    /// All are triggered before any is waited for: the CA validates them side by side.
    private func validate(_ pending: [(Authorization, Challenge)], tasks: [ChallengeTask]) async throws {
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (_, challenge) in pending { group.addTask { _ = try await session.respond(to: challenge) } }
                try await group.waitForAll()
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (authorization, _) in pending {
                    group.addTask { _ = try await session.waitUntilValid(authorization: authorization.url) }
                }
                try await group.waitForAll()
            }
        } catch let error as ACMEError
            where
            error.code == .authorizationInvalid || (error.problem != nil && !error.isTemporary)
        {
            // What the servers say at this moment tells stale data and a wrong view from a record that is not there.
            throw FailureTranslation.challenge(error, evidence: await solver.evidence(tasks))
        }
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
    private func note(
        _ record: OrderRecord, _ step: OrderRecord.Step, _ change: OrderChange = OrderChange()
    ) async throws(FleetStoreError) -> OrderRecord {
        try await store.advanceOrder(record.id, to: max(step, record.step), change, holding: lease)
    }

    /// An order that can still become a certificate stays open for the next run; one that cannot is closed.
    private func journalFailure(_ error: any Error, of record: OrderRecord) async throws {
        let reason = String("\(error)".prefix(1_000))
        let isOver: Bool =
            switch error {
            case let error as ACMEError:
                [.orderInvalid, .authorizationInvalid, .rejectedIdentifier, .badCSR, .caa, .invalidProfile].contains(
                    error.code)
            case let error as IssuanceError: error.code == .challengeFailed || error.code == .chainRejected
            default: false
            }
        let current = try await store.order(record.id) ?? record
        guard !current.step.isFinal else { return }
        _ = try await store.advanceOrder(
            record.id, to: isOver ? .failed : current.step, OrderChange(lastError: reason), holding: nil)
    }
}
