import Synchronization

/// Sends the changes of one zone: many in one message, each with an outcome of its own.
///
/// BIND pays two fsyncs for a message, however much is in it. So what comes while a message is under way goes together
/// into the next one, up to a size; a lone change leaves at once. When a server objects to a message, it is halved until
/// the culprits stand alone, and all others are committed. There is at most one message under way for a name, so the
/// last wish wins.
///
/// Nothing is kept here over a restart: what is due is in the store, and is asked for again from there.
package final class UpdateEngine: Sendable {
    package struct Settings: Sendable {
        /// Changes in one message. Between 50 and 200 BIND is at its best; more only delays what waits behind.
        package var maximumChanges = 150
        /// Octets of a message before it is signed, names uncompressed.
        package var maximumOctets = UpdateMessage.maximumLength - 2_000
        /// Changes that wait or are under way; more are refused as `overloaded`.
        package var capacity = 100_000
        /// Look-ups at once when a zone has to be read after silence.
        package var readsAtOnce = 32

        package init() {}
    }

    /// What has happened since the engine was made.
    package struct Statistics: Sendable, Hashable {
        /// Messages sent, those included that failed, without probes.
        package var messages = 0
        package var largestMessage = 0
        /// Changes that a server acknowledged.
        package var committed = 0
        /// Changes seen at the primary after silence.
        package var confirmed = 0
        /// Changes that a server objected to, each standing alone.
        package var refused = 0
        /// Changes sent once more because the primary answered questions and did not hold them.
        package var resent = 0
        /// Changes whose outcome could not be seen.
        package var unknown = 0
        /// Changes replaced by a later one before they were sent.
        package var superseded = 0
    }

    package let zone: DomainName
    let clients: [UpdateClient]
    let lookup: AuthoritativeLookup
    let settings: Settings
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state: Mutex<EngineState>
    /// The index of the key that was accepted last.
    private let preferred = Mutex(0)

    /// - Parameters:
    ///   - client: sends the messages.
    ///   - successors: the same with other keys, tried in order when the key before is not accepted: while a key is
    ///     replaced, both are live.
    package init(
        client: UpdateClient, successors: [UpdateClient] = [], lookup: AuthoritativeLookup = AuthoritativeLookup(),
        settings: Settings = Settings(),
        now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    ) {
        zone = client.zone
        clients = [client] + successors
        self.lookup = lookup
        self.settings = settings
        self.now = now
        state = Mutex(EngineState(settings: settings, context: client.context))
    }

    package var statistics: Statistics { state.withLock { $0.statistics } }

    /// Changes that wait or are under way.
    package var pending: Int { state.withLock { $0.intents.count } }

    /// Carries out a change and waits for its outcome.
    ///
    /// Cancellation takes back a change that waits; one that was sent is waited for. While the caller waits, its task may
    /// send messages for others as well.
    ///
    /// - Throws: ``UpdateFailure``, about this change alone. `overloaded` when too much waits already. While the servers
    ///   are left alone after an outage, changes fail at once.
    @discardableResult
    package func submit(
        _ change: ZoneChange, cancellation: Cancellation = .obeyed
    ) async throws(UpdateFailure) -> UpdateOutcome {
        let ticket = try admit(change)
        while true {
            switch await step(ticket, cancellation) {
            case .lead(let batch): await lead(batch)
            case .end(let ending): return try ending.get()
            }
        }
    }

    /// Sends an update without content: it finds a primary that answers and a key that it accepts, and changes nothing.
    @discardableResult
    package func probe() async throws(UpdateFailure) -> UpdateAcknowledgement {
        try await send(UpdateMessage(zone: zone), inquiry: .full)
    }

    /// Whether the name has records of its own, of whatever type; what a wildcard makes of a name does not count, nor that
    /// there are names below it (RFC 2136 §2.4.5).
    package func isInUse(_ name: DomainName) async throws(UpdateFailure) -> Bool {
        do throws(UpdateFailure) {
            try await send(UpdateMessage(zone: zone, prerequisites: [.nameNotInUse(name)]), inquiry: .full)
            return false
        } catch {
            guard error.code == .yxDomain else { throw error }
            return true
        }
    }

    /// Ends what waits, as `closed`. What is under way is waited for by its callers.
    package func close() {
        change { state, wakes in state.close(now: now(), wakes: &wakes) }
    }

    /// The same, and closes the connections.
    package func disconnect() async {
        close()
        for client in clients { await client.close() }
    }

    /// The primary that answered last; the first one before any has; nil when none is configured.
    package var primary: DNSEndpoint? { client.currentPrimary }

    // MARK: - The caller's part

    private func admit(_ change: ZoneChange) throws(UpdateFailure) -> EngineState.Ticket {
        var wakes: [EngineState.Wake] = []
        defer { resume(wakes) }
        let result = state.withLock { state -> Result<EngineState.Ticket, UpdateFailure> in
            do throws(UpdateFailure) {
                return .success(try state.add(change, now: now(), wakes: &wakes))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func step(_ ticket: EngineState.Ticket, _ cancellation: Cancellation) async -> EngineState.Step {
        await withTaskCancellationHandler {
            await withCheckedContinuation { caller in
                change { state, wakes in
                    state.wait(ticket, isCancelled: cancellation.stopsNow, caller, wakes: &wakes)
                }
            }
        } onCancel: {
            guard cancellation == .obeyed else { return }
            change { state, wakes in state.cancel(ticket, wakes: &wakes) }
        }
    }

    /// Changes the state, and wakes whom that concerns once the lock is free again.
    private func change(_ body: (inout EngineState, inout [EngineState.Wake]) -> Void) {
        var wakes: [EngineState.Wake] = []
        state.withLock { body(&$0, &wakes) }
        resume(wakes)
    }

    private func resume(_ wakes: [EngineState.Wake]) {
        // Who has a message to send goes first: the server would have nothing to do meanwhile.
        for wake in wakes where wake.step.isLead { wake.caller.resume(returning: wake.step) }
        for wake in wakes where !wake.step.isLead { wake.caller.resume(returning: wake.step) }
    }

    // MARK: - The leader's part

    private func lead(_ batch: EngineBatch) async {
        let verdict = await verdict(on: batch)
        change { state, wakes in state.finish(batch, verdict, now: now(), wakes: &wakes) }
    }

    private func verdict(on batch: EngineBatch) async -> EngineVerdict {
        let isLone = batch.changes.count == 1
        do throws(UpdateFailure) {
            // A lone change that is refused is worth the questions that tell why; once the zone is known to take
            // updates there is nothing to ask.
            let inquiry: RefusalInquiry = !isLone ? .none : batch.part.isRemainder ? .aboutRecord : .full
            return .acknowledged(try await send(batch.message(zone: zone), inquiry: inquiry))
        } catch {
            if error.mayHaveBeenApplied {
                return .unknown(error, holds: await read(batch.changes, at: error.server))
            }
            guard error.concernsContent else { return .failed(error) }
            if error.isFailedPrerequisite, isLone, batch.wasSent,
                await read(batch.changes, at: error.server) == [true]
            {
                return .applied
            }
            guard error.code == .refused, !isLone, !batch.part.isRemainder else { return .objected(error) }
            // A frozen zone takes nothing at all: then halving finds nobody.
            do throws(UpdateFailure) {
                try await send(UpdateMessage(zone: zone), inquiry: .full)
                return .objected(error)
            } catch {
                return .failed(error.mayHaveBeenApplied ? error.withoutSending(clients[0].context) : error)
            }
        }
    }

    /// A leader sends for others, so that its own cancellation does not count.
    @discardableResult
    private func send(
        _ message: UpdateMessage, inquiry: RefusalInquiry
    ) async throws(UpdateFailure) -> UpdateAcknowledgement {
        let first = preferred.withLock { $0 }
        var offset = 0
        while true {
            let index = (first + offset) % clients.count
            do throws(UpdateFailure) {
                let acknowledgement = try await clients[index].send(message, cancellation: .ignored, inquiry: inquiry)
                preferred.withLock { $0 = index }
                return acknowledgement
            } catch {
                offset += 1
                guard error.concernsKey, offset < clients.count else { throw error }
            }
        }
    }

    /// Sends messages with the key that was accepted last.
    package var client: UpdateClient { clients[preferred.withLock { $0 }] }

    /// The key that was accepted last.
    package var acceptedKey: TSIGKey { client.context.key }

    // MARK: - Late applications

    /// Looks at the names whose updates were given up without an answer, and undoes what a server did with those late,
    /// against something newer. To be called now and then.
    ///
    /// - Returns: the names that were put right.
    package func settleDoubts() async throws(UpdateFailure) -> [DomainName] {
        let doubts = state.withLock { state in
            state.doubts.forget(before: now())
            return state.doubts.names
        }
        var settled: [DomainName] = []
        for (name, doubt) in doubts where !doubt.latest.isEmpty {
            guard let correction = await correction(of: doubt, at: name) else { continue }
            try await submit(correction)
            settled.append(name)
        }
        return settled
    }
}
