extension EngineState {
    /// Draws the conclusions from what became of a message.
    mutating func finish(
        _ batch: EngineBatch, _ verdict: EngineVerdict, now: ContinuousClock.Instant, wakes: inout [Wake]
    ) {
        inFlight -= 1
        let part = batch.part
        let members = Array(zip(part.intents, batch.changes))
        var otherHalfIsFaulty = false
        switch verdict {
        case .acknowledged(let acknowledgement):
            pacing.answered()
            statistics.committed += members.count
            for (id, change) in members {
                end(id, change, .success(.acknowledged(acknowledgement)), now: now, wakes: &wakes)
            }
            leaveFamily(part)
            otherHalfIsFaulty = true
        case .applied:
            pacing.answered()
            statistics.confirmed += members.count
            for (id, change) in members { end(id, change, .success(.confirmed), now: now, wakes: &wakes) }
            leaveFamily(part)
        case .objected(let failure) where failure.code == .servFail:
            pacing.slowedDown()
            serverFailed(batch, failure, now: now, wakes: &wakes)
        case .objected(let failure):
            pacing.answered()
            objected(batch, failure, now: now, wakes: &wakes)
            if members.count == 1 { leaveFamily(part) }
        case .failed(let failure):
            for (id, change) in members { end(id, change, .failure(failure), now: now, wakes: &wakes) }
            leaveFamily(part)
            if failure.isSilence { silent(failure, now: now, wakes: &wakes) }
        case .unknown(let failure, let holds):
            for (index, (id, change)) in members.enumerated() {
                doubt(id, change, failure, holds: holds[index], now: now, wakes: &wakes)
            }
            leaveFamily(part)
            // A server that answers questions is there: it has dropped a message, or is slow.
            if holds.contains(where: { $0 != nil }) {
                pacing.slowedDown()
            } else {
                silent(failure, now: now, wakes: &wakes)
            }
        }
        if !part.otherHalf.isEmpty, pacing.objection(now: now) == nil {
            // When this half was fine, the other one is not: no need to ask for it as a whole.
            if otherHalfIsFaulty {
                split(part.otherHalf, family: part.family)
            } else {
                remainders.append(EnginePart(intents: part.otherHalf, isRemainder: true, family: part.family))
            }
        } else if let reason = pacing.objection(now: now) {
            remainders.append(EnginePart(intents: part.otherHalf))
            // What came back to the queue during a pause would wait for somebody else's change to set it going.
            abandonWaiting(reason, now: now, wakes: &wakes)
        }
        start(now: now, wakes: &wakes)
    }

    /// Ends everything that waits.
    mutating func close(now: ContinuousClock.Instant, wakes: inout [Wake]) {
        let failure = failure(.closed, "")
        closed = failure
        abandonWaiting(failure, now: now, wakes: &wakes)
    }

    // MARK: - Telling apart

    /// Halves a list in which something is at fault. One that stands alone is sent alone, so that it gets its own cause.
    private mutating func split(_ intents: [UInt64], family: UInt64?) {
        let middle = intents.count / 2
        guard middle > 0 else {
            return remainders.append(EnginePart(intents: intents, isRemainder: true, family: family))
        }
        remainders.append(
            EnginePart(
                intents: Array(intents[..<middle]), otherHalf: Array(intents[middle...]), isRemainder: true,
                family: family))
    }

    private mutating func objected(
        _ batch: EngineBatch, _ failure: UpdateFailure, now: ContinuousClock.Instant, wakes: inout [Wake]
    ) {
        guard batch.changes.count == 1 else { return split(batch.part.intents, family: batch.part.family) }
        statistics.refused += 1
        end(batch.part.intents[0], batch.changes[0], .failure(failure), now: now, wakes: &wakes)
    }

    /// SERVFAIL can be about one record (`max-records-per-type`) or about the server (a full disk): two changes of the
    /// message go alone, and when the server fails at both it fails at all.
    private mutating func serverFailed(
        _ batch: EngineBatch, _ failure: UpdateFailure, now: ContinuousClock.Instant, wakes: inout [Wake]
    ) {
        let part = batch.part
        guard let number = part.family else {
            guard part.intents.count > 2 else { return objected(batch, failure, now: now, wakes: &wakes) }
            let number = makeID()
            var family = EngineFamily(part.intents)
            remainders.append(EnginePart(intents: [family.held.removeFirst()], isRemainder: true, family: number))
            families[number] = family
            return
        }
        objected(batch, failure, now: now, wakes: &wakes)
        guard var family = families[number] else { return }
        if part.intents.count == 1 { family.members -= 1 }
        if family.isHalving {
            family.budget -= 1
        } else if family.hasFailedAlone {
            family.budget = -1
        } else {
            family.hasFailedAlone = true
            remainders.append(EnginePart(intents: [family.held.removeLast()], isRemainder: true, family: number))
        }
        families[number] = family.members > 0 ? family : nil
        guard family.budget < 0 else { return }
        let relatives = remainders.filter { $0.family == number }
        remainders.removeAll { $0.family == number }
        families[number] = nil
        for id in family.held + relatives.flatMap({ $0.intents + $0.otherHalf }) {
            guard let change = intents[id]?.change else { continue }
            end(id, change, .failure(failure), now: now, wakes: &wakes)
        }
        pacing.leaveAlone(failure.withoutSending(context), now: now)
    }

    /// Something of a family ended in another way than by SERVFAIL, so that the rest is worth telling apart.
    private mutating func leaveFamily(_ part: EnginePart) {
        guard let number = part.family, var family = families[number] else { return }
        family.members -= part.intents.count
        family.isHalving = true
        let held = family.held
        family.held = []
        families[number] = family.members > 0 ? family : nil
        if !held.isEmpty { split(held, family: number) }
    }

    // MARK: - Ends

    /// A change whose message was not answered.
    private mutating func doubt(
        _ id: UInt64, _ change: ZoneChange, _ failure: UpdateFailure, holds: Bool?, now: ContinuousClock.Instant,
        wakes: inout [Wake]
    ) {
        if holds == true {
            statistics.confirmed += 1
            return end(id, change, .success(.confirmed), now: now, wakes: &wakes)
        }
        // Once more, if the server is there and nobody has another wish: a copy that is applied late does no harm beside
        // the same again (RFC 2136 §5).
        if holds == false, blocked[change.name] == nil, var intent = intents[id], intent.silence == nil {
            statistics.resent += 1
            intent.silence = failure
            intents[id] = intent
            doubts.abandon(change, now: now)
            release(change.name)
            return enqueueFirst(id, change)
        }
        statistics.unknown += 1
        end(id, change, .failure(failure), now: now, wakes: &wakes)
    }

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
        if release(change.name) {
            for waiting in blocked.removeValue(forKey: change.name)?.reversed() ?? [] {
                guard var intent = intents[waiting] else { continue }
                if isCommitted || isDoubtful {
                    intent.change = intent.change.following(change, isCertain: isCommitted)
                    intents[waiting] = intent
                }
                enqueueFirst(waiting, intent.change)
            }
        }
        tell(id, .end(ending), wakes: &wakes)
    }

    private mutating func enqueueFirst(_ id: UInt64, _ change: ZoneChange) {
        if change.isUrgent { urgent.prepend([id]) } else { bulk.prepend([id]) }
    }

    /// One change of the name is not under way any more.
    ///
    /// - Returns: whether none is.
    @discardableResult
    private mutating func release(_ name: DomainName) -> Bool {
        guard let count = busy[name], count > 1 else {
            busy[name] = nil
            return true
        }
        busy[name] = count - 1
        return false
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
            guard let intent = intents[id] else { continue }
            if replaceable[intent.change.name] == id { replaceable[intent.change.name] = nil }
            intents[id]?.isWaiting = false
            tell(id, .end(.failure(intent.silence ?? failure)), wakes: &wakes)
        }
        blocked = [:]
        let rest = remainders.flatMap { $0.intents + $0.otherHalf } + families.values.flatMap(\.held)
        remainders = []
        families = [:]
        for id in rest {
            guard let intent = intents[id] else { continue }
            release(intent.change.name)
            tell(id, .end(.failure(intent.silence ?? failure)), wakes: &wakes)
        }
    }
}
