/// RFC 8555 §7.4: orders.
extension AccountSession {
    /// Asks for a certificate.
    ///
    /// When the answer is lost the request is repeated once: a CA that reuses orders (Boulder) then returns the same
    /// one. Journal the order's URL before anything else, for no CA lists orders.
    ///
    /// - Throws: `alreadyReplaced` when another unexpired order replaces the same certificate: ask again without
    ///   `replaces`, and Boulder's order reuse returns that order if it is this account's and has the same names and
    ///   profile. `invalidProfile` without a request when the directory lists profiles and not this one.
    ///   `protocolViolation` when the order is not for exactly the identifiers asked for, with `mayHaveBeenApplied` like
    ///   every answer to an order that was taken. Problems of single names
    ///   are in `problem.subproblems`.
    package func newOrder(_ request: OrderRequest) async throws(ACMEError) -> Order {
        guard !request.identifiers.isEmpty else {
            throw ACMEError(.invalidInput, "an order needs at least one identifier")
        }
        return try await client.withDirectory { directory async throws(ACMEError) in
            let profiles = directory.meta.profiles
            if let profile = request.profile, !profiles.isEmpty, profiles[profile] == nil {
                throw ACMEError(
                    .invalidProfile,
                    "the CA has no profile \(Evidence.quote(profile)); it offers "
                        + Evidence.text(profiles.keys.sorted().joined(separator: ", ")),
                    url: directory.newOrder)
            }
            let response = try await requestOrder(request, directory)
            do throws(ACMEError) {
                guard let location = response.headers["Location"] else {
                    throw ACMEError(.protocolViolation, "the CA names no order URL (Location)", url: directory.newOrder)
                }
                let order = try Order(
                    response, url: directory.newOrder.resolving(location), receivedAt: engine.clock.now)
                try check(order, against: request)
                return order
            } catch {
                // The order is there all the same.
                throw error.afterRequest
            }
        }
    }

    private func requestOrder(_ request: OrderRequest, _ directory: Directory) async throws(ACMEError) -> ACMEResponse {
        do throws(ACMEError) {
            return try await post(directory.newOrder, .newOrder, payload: WireJSON.encode(request), .onlyIfUntouched)
        } catch {
            guard error.mayHaveBeenApplied, error.retryAfter == nil else { throw error }
        }
        do throws(ACMEError) {
            return try await post(directory.newOrder, .newOrder, payload: WireJSON.encode(request), .onlyIfUntouched)
        } catch {
            guard error.code == .alreadyReplaced else { throw error }
            // The lost attempt made the order that now stands in the way; without `replaces` the CA hands it out again.
            var request = request
            request.replaces = nil
            return try await post(directory.newOrder, .newOrder, payload: WireJSON.encode(request), .onlyIfUntouched)
        }
    }

    /// The server may reorder and re-case identifiers, not drop or add any (RFC 8555 §7.4).
    private func check(_ order: Order, against request: OrderRequest) throws(ACMEError) {
        guard Set(order.identifiers) == Set(request.identifiers) else {
            let asked = request.identifiers.map(\.description).joined(separator: ", ")
            let got = order.identifiers.map(\.description).joined(separator: ", ")
            throw ACMEError(.protocolViolation, "the order is for [\(got)], asked for was [\(asked)]", url: order.url)
        }
    }

    /// The order as it is now.
    package func order(at url: ACMEURL) async throws(ACMEError) -> Order {
        try Order(await post(url, .order), url: url, receivedAt: engine.clock.now)
    }

    /// Waits until the order can be finalized: `ready`, or already past that.
    ///
    /// - Throws: `orderInvalid`; `stillProcessing` at the schedule's deadline.
    package func waitUntilReady(
        _ order: Order, schedule: PollSchedule = PollSchedule()
    ) async throws(ACMEError) -> Order {
        try await wait(for: order, [.ready, .processing, .valid], schedule)
    }

    /// Waits until the certificate is there.
    ///
    /// - Throws: `orderInvalid`; `stillProcessing` at the schedule's deadline.
    package func waitUntilValid(
        _ order: Order, schedule: PollSchedule = PollSchedule()
    ) async throws(ACMEError) -> Order {
        try await wait(for: order, [.valid], schedule)
    }

    private func wait(
        for order: Order, _ wanted: Set<Status>, _ schedule: PollSchedule
    ) async throws(ACMEError) -> Order {
        let done = try await engine.poll(
            schedule, first: order, what: "the order \(order.url)", retryAfter: \.retryAfter,
            isDone: { wanted.contains($0.status) || $0.status == .invalid }
        ) { () async throws(ACMEError) in try await self.order(at: order.url) }
        guard done.status != .invalid else { throw Self.invalid(done) }
        return done
    }

    private static func invalid(_ order: Order) -> ACMEError {
        let reason = order.error.map { ": \($0)" } ?? ", without a reason"
        return ACMEError(
            .orderInvalid, "the CA gave up the order \(order.url)\(reason)", problem: order.error, url: order.url,
            identifier: order.error?.subproblems.first?.identifier ?? order.error?.identifier)
    }

    /// Hands in the CSR and waits for the certificate.
    ///
    /// An order that is not ready is waited for and finalized once more. After a lost answer the order is read before
    /// anything is repeated.
    ///
    /// - Parameter csr: PKCS #10 in DER, for exactly the order's identifiers, with another key than the account's.
    /// - Throws: `badCSR` (ours before anything is sent, or the CA's), `orderInvalid`, `stillProcessing`.
    package func finalize(
        _ order: Order, csr: [UInt8], schedule: PollSchedule = PollSchedule()
    ) async throws(ACMEError) -> Order {
        try CertificateRequestCheck(csr).check(order, accountKey: key)
        let payload = try WireJSON.encode(Finalization(csr: Base64URL.encode(csr)))
        var attempt = 1
        while true {
            do throws(ACMEError) {
                let response = try await post(order.finalize, .finalize, payload: payload, .onlyIfUntouched)
                let finalized = try Order(response, url: order.url, receivedAt: engine.clock.now)
                return try await waitUntilValid(finalized, schedule: schedule)
            } catch {
                guard attempt < 2 else { throw error }
                attempt += 1
                if error.code == .orderNotReady {
                    let current = try await waitUntilReady(self.order(at: order.url), schedule: schedule)
                    if current.status != .ready { return try await waitUntilValid(current, schedule: schedule) }
                } else if error.mayHaveBeenApplied, error.code != .cancelled {
                    let current = try await self.order(at: order.url)
                    if current.status != .ready { return try await waitUntilValid(current, schedule: schedule) }
                } else {
                    throw error
                }
            }
        }
    }
}

private struct Finalization: Encodable {
    let csr: String
}
