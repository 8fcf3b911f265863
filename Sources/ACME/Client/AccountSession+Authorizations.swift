/// RFC 8555 §7.5: authorizations and challenges.
extension AccountSession {
    /// The authorization as it is now.
    package func authorization(at url: ACMEURL) async throws(ACMEError) -> Authorization {
        try Authorization(await post(url, .authorization), url: url, receivedAt: engine.clock.now)
    }

    /// All authorizations of an order, in its order.
    package func authorizations(of order: Order) async throws(ACMEError) -> [Authorization] {
        var authorizations: [Authorization] = []
        for url in order.authorizations {
            authorizations.append(try await authorization(at: url))
        }
        return authorizations
    }

    /// The challenge as it is now.
    package func challenge(at url: ACMEURL) async throws(ACMEError) -> Challenge {
        try challenge(await post(url, .challenge), at: url)
    }

    private func challenge(_ response: ACMEResponse, at url: ACMEURL) throws(ACMEError) -> Challenge {
        var challenge = try WireJSON.decode(Challenge.self, "challenge", from: response, url: url)
        challenge.retryAfter = response.retryAfter(receivedAt: engine.clock.now)
        return challenge
    }

    /// Tells the CA that it may validate (§7.5.1), once what it looks for is in place.
    ///
    /// A challenge that is under way already, by us in a lost attempt or by a parallel one, is returned as it is.
    package func respond(to challenge: Challenge) async throws(ACMEError) -> Challenge {
        do throws(ACMEError) {
            // "an empty JSON object": nothing else is defined, and strict servers refuse more.
            let response = try await post(challenge.url, .challenge, payload: Array("{}".utf8), .onlyIfUntouched)
            return try self.challenge(response, at: challenge.url)
        } catch {
            let isUnclear =
                error.code == .conflict || error.code == .malformed
                || (error.mayHaveBeenApplied && error.code != .cancelled)
            guard isUnclear else { throw error }
            let current = try await self.challenge(at: challenge.url)
            // A conflict means that another request for the same challenge is being carried out right now.
            guard current.status == .pending, error.code != .conflict else { return current }
            guard error.mayHaveBeenApplied else { throw error }
            let response = try await post(challenge.url, .challenge, payload: Array("{}".utf8), .onlyIfUntouched)
            return try self.challenge(response, at: challenge.url)
        }
    }

    /// Waits until the CA has validated the authorization.
    ///
    /// - Parameter answer: the challenge as the CA returned it; its `Retry-After` (RFC 8555 §8.2) is the first wait.
    /// - Throws: `authorizationInvalid` with the challenge's problem when it ends in any other state (§7.1.6);
    ///   `stillProcessing` at the schedule's deadline.
    package func waitUntilValid(
        authorization url: ACMEURL, after answer: Challenge? = nil, schedule: PollSchedule = PollSchedule()
    ) async throws(ACMEError) -> Authorization {
        let done = try await engine.poll(
            schedule, first: Authorization?.none, what: "the authorization \(url)",
            retryAfter: { $0.map(\.retryAfter) ?? answer?.retryAfter },
            isDone: { $0.map { Self.finalStatuses.contains($0.status) } ?? false }
        ) { () async throws(ACMEError) in try await authorization(at: url) }
        guard let done, done.status == .valid else {
            throw Self.failed(done, url)
        }
        return done
    }

    private static let finalStatuses: Set<Status> = [.valid, .invalid, .deactivated, .expired, .revoked]

    private static func failed(_ authorization: Authorization?, _ url: ACMEURL) -> ACMEError {
        guard let authorization else {
            return ACMEError(.authorizationInvalid, "the authorization \(url) was not read", url: url)
        }
        let reason = authorization.problem.map { ": \($0)" } ?? ", without a reason"
        return ACMEError(
            .authorizationInvalid,
            "the CA could not validate \(authorization.identifier) (\(authorization.status))\(reason)",
            problem: authorization.problem, url: url, identifier: authorization.identifier)
    }

    /// Gives an authorization back (§7.5.2), so that none is left pending after a failure.
    package func deactivateAuthorization(at url: ACMEURL) async throws(ACMEError) -> Authorization {
        let payload = try WireJSON.encode(["status": Status.deactivated])
        return try Authorization(
            await post(url, .authorization, payload: payload), url: url, receivedAt: engine.clock.now)
    }
}
