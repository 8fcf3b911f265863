/// What waits, what is under way, and who leads: the engine's decisions, without its messages.
///
/// A caller whose change is the first of a message sends that message for all in it (leader and followers), so that the
/// engine needs no task of its own.
struct EngineState: Sendable {
    typealias Ending = Result<UpdateOutcome, UpdateFailure>

    /// What a caller is to do next.
    enum Step: Sendable {
        case lead(EngineBatch)
        case end(Ending)

        var isLead: Bool { if case .lead = self { true } else { false } }
    }

    /// A caller's claim to a change. A later change that takes its place has a later generation.
    struct Ticket: Sendable {
        let intent: UInt64
        let generation: UInt32
    }

    struct Wake: Sendable {
        let caller: CheckedContinuation<Step, Never>
        let step: Step
    }

    struct Intent: Sendable {
        var change: ZoneChange
        var generation: UInt32 = 0
        /// Whether nothing of it was sent yet, so that it can be taken back.
        var isWaiting = true
        /// Why it is sent once more: it was in a message that was neither answered nor, as far as was seen, applied.
        var silence: UpdateFailure?
        /// For the caller, when it comes to ask.
        var step: Step?
        var caller: CheckedContinuation<Step, Never>?
    }

    let settings: UpdateEngine.Settings
    let context: UpdateContext
    var pacing: EnginePacing
    var doubts = EngineDoubts()
    var statistics = UpdateEngine.Statistics()
    var closed: UpdateFailure?

    var intents: [UInt64: Intent] = [:]
    private var lastID: UInt64 = 0
    var urgent = EngineQueue()
    var bulk = EngineQueue()
    private var urgentInARow = 0
    /// Messages of urgent changes in a row before others get one.
    private static let urgentAtMost = 8
    private var lastUrgent: ContinuousClock.Instant?
    /// While urgent changes come, bulk leaves beside so many messages at most: each of them is worked through before the
    /// next urgent one (BIND takes a zone's updates in turn).
    private static let bulkBeside = 1
    /// How long after an urgent change others are expected.
    private static let urgency = Duration.seconds(1)
    /// What is left of messages that failed.
    var remainders: [EnginePart] = []
    var families: [UInt64: EngineFamily] = [:]
    /// The change of each name that waits and may be replaced.
    var replaceable: [DomainName: UInt64] = [:]
    /// Names with a message under way, and how many changes of it are in there. There is one message at most for each,
    /// unless what was in one message is told apart.
    var busy: [DomainName: Int] = [:]
    /// What waits for a busy name, in order.
    var blocked: [DomainName: [UInt64]] = [:]
    var inFlight = 0

    init(settings: UpdateEngine.Settings, context: UpdateContext) {
        self.settings = settings
        self.context = context
        pacing = EnginePacing(maximumChanges: settings.maximumChanges)
    }

    // MARK: - Callers

    /// Takes a change in.
    mutating func add(
        _ change: ZoneChange, now: ContinuousClock.Instant, wakes: inout [Wake]
    ) throws(UpdateFailure) -> Ticket {
        // While the servers are left alone, what somebody waits for right now finds out whether one is back.
        if let reason = closed ?? (change.isUrgent ? nil : pacing.objection(now: now)) { throw reason }
        let change = change.isState ? change.removing(doubts.mayAppear(at: change.name)) : change
        if change.isState, let id = replaceable[change.name], var intent = intents[id] {
            // The place in the queue stays: who changes its mind often gets neither ahead of others nor behind them.
            intent.change = change.replacing(intent.change)
            intent.generation += 1
            if let caller = intent.caller { wakes.append(Wake(caller: caller, step: .end(.success(.superseded)))) }
            intent.caller = nil
            intents[id] = intent
            statistics.superseded += 1
            return Ticket(intent: id, generation: intent.generation)
        }
        guard intents.count < settings.capacity else {
            throw failure(.overloaded, "\(intents.count) changes wait already")
        }
        let id = makeID()
        intents[id] = Intent(change: change)
        if change.isState { replaceable[change.name] = id }
        if change.isUrgent {
            urgent.append(id)
            lastUrgent = now
        } else {
            bulk.append(id)
        }
        start(now: now, wakes: &wakes)
        return Ticket(intent: id, generation: 0)
    }

    mutating func makeID() -> UInt64 {
        lastID += 1
        return lastID
    }

    /// Tells a caller what to do next, now or later.
    mutating func wait(
        _ ticket: Ticket, isCancelled: Bool, _ caller: CheckedContinuation<Step, Never>, wakes: inout [Wake]
    ) {
        guard var intent = intents[ticket.intent], intent.generation == ticket.generation else {
            return wakes.append(Wake(caller: caller, step: .end(.success(.superseded))))
        }
        if isCancelled, intent.canBeTakenBack {
            withdraw(ticket.intent)
            return wakes.append(Wake(caller: caller, step: .end(.failure(cancelled))))
        }
        if let step = intent.step {
            intent.step = nil
            intents[ticket.intent] = intent
            if case .end = step { intents[ticket.intent] = nil }
            return wakes.append(Wake(caller: caller, step: step))
        }
        intent.caller = caller
        intents[ticket.intent] = intent
    }

    /// Takes a change back that has not been sent.
    mutating func cancel(_ ticket: Ticket, wakes: inout [Wake]) {
        guard let intent = intents[ticket.intent], intent.generation == ticket.generation,
            intent.canBeTakenBack, let caller = intent.caller
        else { return }
        withdraw(ticket.intent)
        wakes.append(Wake(caller: caller, step: .end(.failure(cancelled))))
    }

    private var cancelled: UpdateFailure { failure(.cancelled, "cancelled while it waited for its turn") }

    func failure(_ code: UpdateFailure.Code, _ evidence: String) -> UpdateFailure {
        UpdateFailure(code, context, server: nil, evidence: evidence)
    }

    private mutating func withdraw(_ id: UInt64) {
        guard let intent = intents.removeValue(forKey: id) else { return }
        if replaceable[intent.change.name] == id { replaceable[intent.change.name] = nil }
    }

    /// Hands a step to a change's caller.
    mutating func tell(_ id: UInt64, _ step: Step, wakes: inout [Wake]) {
        guard let caller = intents[id]?.caller else {
            intents[id]?.step = step
            return
        }
        if step.isLead { intents[id]?.caller = nil } else { intents[id] = nil }
        wakes.append(Wake(caller: caller, step: step))
    }

    // MARK: - Messages

    /// Appoints leaders as long as something may be sent.
    mutating func start(now: ContinuousClock.Instant, wakes: inout [Wake]) {
        while inFlight < Int(pacing.window) {
            let batch: EngineBatch?
            if pacing.objection(now: now) == nil {
                batch = nextBatch(now: now)
            } else {
                batch = inFlight == 0 ? take(\.urgent) : nil
            }
            guard let batch else { return }
            inFlight += 1
            statistics.messages += 1
            statistics.largestMessage = max(statistics.largestMessage, batch.changes.count)
            tell(batch.part.intents[0], .lead(batch), wakes: &wakes)
        }
    }

    /// Urgent first, then what is left of failed messages, then the rest. A message of bulk leaves when it is full or
    /// nothing is under way: what comes meanwhile goes together.
    private mutating func nextBatch(now: ContinuousClock.Instant) -> EngineBatch? {
        let hasOther = !remainders.isEmpty || !bulk.isEmpty
        if !urgent.isEmpty, urgentInARow < Self.urgentAtMost || !hasOther, let batch = take(\.urgent) {
            urgentInARow += 1
            return batch
        }
        if let part = remainders.popLast() {
            urgentInARow = 0
            return batch(part)
        }
        let isAmongUrgent = lastUrgent.map { now < $0 + Self.urgency } ?? false
        guard !isAmongUrgent || inFlight <= Self.bulkBeside,
            inFlight == 0 || bulk.count >= pacing.size || urgentInARow >= Self.urgentAtMost,
            let batch = take(\.bulk)
        else { return nil }
        urgentInARow = 0
        return batch
    }

    private func batch(_ part: EnginePart) -> EngineBatch {
        EngineBatch(
            part: part, changes: part.intents.compactMap { intents[$0]?.change },
            wasSent: part.intents.contains { intents[$0]?.silence != nil })
    }

    private mutating func take(_ queue: WritableKeyPath<EngineState, EngineQueue>) -> EngineBatch? {
        var taken: [UInt64] = []
        var octets = 0
        // Different values of one name may go in one message.
        var values: [DomainName: Set<RecordData>] = [:]
        while taken.count < pacing.size, let id = self[keyPath: queue].first {
            guard let change = intents[id]?.change else {
                self[keyPath: queue].removeFirst()
                continue
            }
            if blocked[change.name] != nil || busy[change.name] != nil && !change.isApart(from: values[change.name]) {
                self[keyPath: queue].removeFirst()
                blocked[change.name, default: []].append(id)
                continue
            }
            octets += change.lengthBound
            guard taken.isEmpty || octets <= settings.maximumOctets else { break }
            self[keyPath: queue].removeFirst()
            busy[change.name, default: 0] += 1
            if !change.isState { values[change.name, default: []].formUnion(change.added + change.removed) }
            if replaceable[change.name] == id { replaceable[change.name] = nil }
            intents[id]?.isWaiting = false
            taken.append(id)
        }
        return taken.isEmpty ? nil : batch(EnginePart(intents: taken))
    }
}

extension EngineState.Intent {
    /// What took the place of another change is carried out: who asked for the other one was told that it would be.
    fileprivate var canBeTakenBack: Bool { isWaiting && generation == 0 }
}

extension ZoneChange {
    /// Whether it can go in one message with other values of its name, in whatever order they are applied.
    fileprivate func isApart(from values: Set<RecordData>?) -> Bool {
        guard !isState, let values else { return false }
        return values.isDisjoint(with: added) && values.isDisjoint(with: removed)
    }
}
