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
        var isWaiting = true
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
    private var nextID: UInt64 = 0
    var urgent = EngineQueue()
    var bulk = EngineQueue()
    private var urgentInARow = 0
    /// Halves of messages that failed.
    var halves: [(intents: [UInt64], otherHalf: [UInt64])] = []
    /// The change of each name that waits and may be replaced.
    var replaceable: [DomainName: UInt64] = [:]
    /// Names with a message under way: there is one at most.
    var busy: Set<DomainName> = []
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
        if let reason = closed ?? pacing.objection(now: now) { throw reason }
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
        nextID += 1
        intents[nextID] = Intent(change: change)
        if change.isState { replaceable[change.name] = nextID }
        if change.isUrgent { urgent.append(nextID) } else { bulk.append(nextID) }
        let ticket = Ticket(intent: nextID, generation: 0)
        start(now: now, wakes: &wakes)
        return ticket
    }

    /// Tells a caller what to do next, now or later.
    mutating func wait(
        _ ticket: Ticket, isCancelled: Bool, _ caller: CheckedContinuation<Step, Never>, wakes: inout [Wake]
    ) {
        guard var intent = intents[ticket.intent], intent.generation == ticket.generation else {
            return wakes.append(Wake(caller: caller, step: .end(.success(.superseded))))
        }
        if isCancelled, intent.isWaiting {
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
        guard let intent = intents[ticket.intent], intent.generation == ticket.generation, intent.isWaiting,
            let caller = intent.caller
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
        guard var intent = intents[id] else { return }
        guard let caller = intent.caller else {
            intent.step = step
            intents[id] = intent
            return
        }
        intent.caller = nil
        intents[id] = intent
        if case .end = step { intents[id] = nil }
        wakes.append(Wake(caller: caller, step: step))
    }

    // MARK: - Messages

    /// Appoints leaders as long as something may be sent.
    mutating func start(now: ContinuousClock.Instant, wakes: inout [Wake]) {
        while pacing.objection(now: now) == nil, inFlight < Int(pacing.window), let batch = nextBatch() {
            inFlight += 1
            statistics.messages += 1
            statistics.largestMessage = max(statistics.largestMessage, batch.changes.count)
            tell(batch.intents[0], .lead(batch), wakes: &wakes)
        }
    }

    /// Urgent first, then what is left of failed messages, then the rest. A message of bulk leaves when it is full or
    /// nothing is under way: what comes meanwhile goes together.
    private mutating func nextBatch() -> EngineBatch? {
        let hasOther = !halves.isEmpty || !bulk.isEmpty
        if !urgent.isEmpty, urgentInARow < 8 || !hasOther, let batch = take(\.urgent) {
            urgentInARow += 1
            return batch
        }
        if let half = halves.popLast() {
            urgentInARow = 0
            return EngineBatch(
                intents: half.intents, changes: half.intents.compactMap { intents[$0]?.change },
                otherHalf: half.otherHalf, isFresh: false)
        }
        guard inFlight == 0 || bulk.count >= pacing.size, let batch = take(\.bulk) else { return nil }
        urgentInARow = 0
        return batch
    }

    private mutating func take(_ queue: WritableKeyPath<EngineState, EngineQueue>) -> EngineBatch? {
        var taken: [UInt64] = []
        var changes: [ZoneChange] = []
        var octets = 0
        // Several values of one name may go in one message: they are applied in order (RFC 2136 §3.4.2).
        var own: Set<DomainName> = []
        while taken.count < pacing.size, let id = self[keyPath: queue].first {
            guard var intent = intents[id] else {
                self[keyPath: queue].removeFirst()
                continue
            }
            let name = intent.change.name
            if busy.contains(name), intent.change.isState || !own.contains(name) {
                self[keyPath: queue].removeFirst()
                blocked[name, default: []].append(id)
                continue
            }
            octets += intent.change.lengthBound
            guard taken.isEmpty || octets <= settings.maximumOctets else { break }
            self[keyPath: queue].removeFirst()
            busy.insert(name)
            if !intent.change.isState { own.insert(name) }
            if replaceable[name] == id { replaceable[name] = nil }
            intent.isWaiting = false
            intents[id] = intent
            taken.append(id)
            changes.append(intent.change)
        }
        return taken.isEmpty ? nil : EngineBatch(intents: taken, changes: changes, otherHalf: [], isFresh: true)
    }
}
