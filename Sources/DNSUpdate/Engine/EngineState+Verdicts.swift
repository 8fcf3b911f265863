extension EngineState {
    /// Draws the conclusions from what became of a message.
    mutating func finish(
        _ batch: EngineBatch, _ verdict: EngineVerdict, now: ContinuousClock.Instant, wakes: inout [Wake]
    ) {
        inFlight -= 1
        switch verdict {
        case .acknowledged(let acknowledgement):
            pacing.answered()
            for (id, change) in zip(batch.intents, batch.changes) {
                statistics.committed += 1
                end(id, change, .success(.acknowledged(acknowledgement)), now: now, wakes: &wakes)
            }
            // This half is fine, so the other one is not: no need to ask for it as a whole.
            if !batch.otherHalf.isEmpty { split(batch.otherHalf) }
        case .objected(let failure):
            if failure.code == .servFail { pacing.slowedDown() } else { pacing.answered() }
            if !batch.otherHalf.isEmpty { halves.append((batch.otherHalf, [])) }
            if batch.intents.count > 1 {
                split(batch.intents)
            } else {
                statistics.refused += 1
                for (id, change) in zip(batch.intents, batch.changes) {
                    end(id, change, .failure(failure), now: now, wakes: &wakes)
                }
            }
        case .failed(let failure):
            if !batch.otherHalf.isEmpty { halves.append((batch.otherHalf, [])) }
            for (id, change) in zip(batch.intents, batch.changes) {
                end(id, change, .failure(failure), now: now, wakes: &wakes)
            }
            if failure.isSilence { silent(failure, now: now, wakes: &wakes) }
        case .unknown(let failure, let holds):
            if !batch.otherHalf.isEmpty { halves.append((batch.otherHalf, [])) }
            for (index, (id, change)) in zip(batch.intents, batch.changes).enumerated() {
                if holds[index] == true {
                    statistics.confirmed += 1
                    end(id, change, .success(.confirmed), now: now, wakes: &wakes)
                } else {
                    statistics.unknown += 1
                    end(id, change, .failure(failure), now: now, wakes: &wakes)
                }
            }
            silent(failure, now: now, wakes: &wakes)
        }
        // What came back to the queue during a pause would wait for somebody else's change to set it going.
        if let reason = pacing.objection(now: now) { abandonWaiting(reason, now: now, wakes: &wakes) }
        start(now: now, wakes: &wakes)
    }

    /// Ends everything that waits.
    mutating func close(now: ContinuousClock.Instant, wakes: inout [Wake]) {
        let failure = failure(.closed, "")
        closed = failure
        abandonWaiting(failure, now: now, wakes: &wakes)
    }

    // MARK: - Halves

    /// Halves a list in which something is at fault. One that stands alone is sent alone, so that it gets its own cause.
    private mutating func split(_ intents: [UInt64]) {
        guard intents.count > 1 else { return halves.append((intents, [])) }
        let middle = intents.count / 2
        halves.append((Array(intents[..<middle]), Array(intents[middle...])))
    }

    // MARK: - Ends

    private mutating func end(
        _ id: UInt64, _ change: ZoneChange, _ ending: Ending, now: ContinuousClock.Instant, wakes: inout [Wake]
    ) {
        var (isCommitted, isDoubtful) = (false, false)
        switch ending {
        case .success:
            isCommitted = true
            doubts.committed(change)
        case .failure(let failure) where failure.mayHaveBeenApplied:
            isDoubtful = true
            doubts.abandon(change, now: now)
        case .failure: break
        }
        busy.remove(change.name)
        for waiting in blocked.removeValue(forKey: change.name)?.reversed() ?? [] {
            guard var intent = intents[waiting] else { continue }
            if isCommitted || isDoubtful {
                intent.change = intent.change.following(change, isCertain: isCommitted)
                intents[waiting] = intent
            }
            if intent.change.isUrgent { urgent.prepend([waiting]) } else { bulk.prepend([waiting]) }
        }
        tell(id, .end(ending), wakes: &wakes)
    }

    private mutating func silent(_ failure: UpdateFailure, now: ContinuousClock.Instant, wakes: inout [Wake]) {
        // Whoever waits can do something else meanwhile; what is due stays due in the store.
        let reason = failure.withoutSending(context)
        if pacing.silent(reason, now: now) { abandonWaiting(reason, now: now, wakes: &wakes) }
    }

    private mutating func abandonWaiting(
        _ failure: UpdateFailure, now: ContinuousClock.Instant, wakes: inout [Wake]
    ) {
        for id in urgent.removeAll() + bulk.removeAll() + blocked.values.joined() {
            guard let change = intents[id]?.change else { continue }
            if replaceable[change.name] == id { replaceable[change.name] = nil }
            intents[id]?.isWaiting = false
            tell(id, .end(.failure(failure)), wakes: &wakes)
        }
        blocked = [:]
        for half in halves {
            for id in half.intents + half.otherHalf {
                guard let change = intents[id]?.change else { continue }
                busy.remove(change.name)
                tell(id, .end(.failure(failure)), wakes: &wakes)
            }
        }
        halves = []
    }
}
