import ACME
import DNSUpdate
import FleetStore
import FoundationEssentials

extension OrderFlow {
    func authorize(_ order: Order, record: OrderRecord, purpose: Purpose) async throws {
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
                    hints: ["set acme.challenge to one of those, or use a CA that validates by DNS"])
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
                identifier: name,
                answer: try solver.type.answer(
                    to: challenge, isWildcard: authorization.isWildcard, session: session),
                deviceID: purpose.device.id, orderID: record.id)
            pending.append((authorization, challenge, task))
        }
        guard !pending.isEmpty else { return await withdraw([], of: record) }
        let tasks = pending.map(\.task)
        do {
            progress(
                .init(
                    .publish,
                    "publishing \(tasks.count == 1 ? "the challenge" : "\(tasks.count) challenges") for \(purpose.device.name)"
                ))
            try Task.checkCancellation()
            try await solver.present(tasks, holding: lease)
            _ = try await note(record, .published)
            progress(.init(.propagate, "waiting until every authoritative server shows it"))
            try await solver.confirm(tasks) { progress(.init(.propagate, $0)) }
            _ = try await note(record, .confirmed)
            progress(.init(.validate, "waiting for the CA to validate"))
            _ = try await note(record, .triggered)
            try await validate(pending.map { ($0.authorization, $0.challenge) }, tasks: tasks)
            try await budget.noteSuccess(of: pending.map(\.authorization.identifier.value))
        } catch let error as ACMEError where error.code == .stillProcessing {
            // To take away what the CA is looking for would be one more failed validation.
            try await leave(record, to: error)
            throw error
        } catch {
            await withdraw(tasks, of: record)
            throw error
        }
        await withdraw(tasks, of: record)
    }

    func withdraw(_ tasks: [ChallengeTask], of record: OrderRecord) async {
        if !tasks.isEmpty { progress(.init(.withdraw, "withdrawing the challenge")) }
        for remainder in await solver.withdraw(tasks, of: record.id, holding: lease) {
            progress(.init(.withdraw, remainder))
        }
    }

    /// Leaves the challenges to the CA and to the run that goes on with the order. The sweep knows by the journal that they
    /// are not forgotten, and takes them when the order is over, or an hour after the CA's time.
    private func leave(_ record: OrderRecord, to error: ACMEError) async throws {
        let wait = min(error.retryAfter?.delay ?? .zero, .seconds(86_400))
        _ = try await note(record, .triggered, OrderChange(retryAt: now().addingTimeInterval(wait.seconds)))
        progress(.init(.withdraw, "leaving the challenge in place: the CA is still to look at it"))
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
            let answered = try await withThrowingTaskGroup(of: (ACMEURL, Challenge).self) { group in
                for (authorization, challenge) in pending {
                    group.addTask { (authorization.url, try await session.respond(to: challenge)) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (url, answer) in answered {
                    group.addTask { _ = try await session.waitUntilValid(authorization: url, after: answer) }
                }
                try await group.waitForAll()
            }
        } catch let error as ACMEError
            where
            error.code == .authorizationInvalid
            || (error.problem != nil && !error.isTemporary && !Self.refusesTheAccount(error))
        {
            if error.code == .authorizationInvalid, let name = error.identifier?.value {
                // The CA counts each of them: a name and its wildcard have the same identifier.
                for (authorization, _) in pending where authorization.identifier.value == name {
                    try await budget.noteFailure(of: name)
                }
            }
            // What the servers say at this moment tells stale data and a wrong view from a record that is not there.
            throw FailureTranslation.challenge(error, evidence: await solver.evidence(tasks))
        }
    }

    /// The account or its key is what the CA does not accept, such as after a roll-over in another process: that says
    /// nothing about the challenge, and the order may still become a certificate.
    private static func refusesTheAccount(_ error: ACMEError) -> Bool {
        [.unauthorized, .malformed, .accountDoesNotExist].contains(error.code)
    }
}
