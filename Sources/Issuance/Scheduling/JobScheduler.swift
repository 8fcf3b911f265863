package import FleetStore
package import FoundationEssentials

/// Decides which certificate is obtained next, and how many are at a time. A value without a clock and without randomness:
/// the same calls give the same decisions, so that a simulation of years drives the very thing that the server runs.
///
/// The order, within what the CA's limits, its pauses and its share of places let through:
/// 1. devices that somebody asked to go ahead;
/// 2. certificates in danger of ending, least slack first, for all but one of ``SchedulingPolicy/turns``;
/// 3. the group that goes first (canaries);
/// 4. zone by zone in turn, tag by tag within a zone, least slack first within a tag; first certificates no faster than
///    ``FirstCertificatePace`` says.
package struct JobScheduler: Sendable {
    /// What is to be done now.
    package enum Decision: Sendable, Hashable {
        /// This one has a place now: order its certificate, and say how it went by `finished(_:_:at:)`.
        case start(CertificateJob)
        /// This one may not be tried before; it is not in the queue any more.
        case postpone(CertificateJob, until: Date)
        /// Nothing can start before something changes, or before that time.
        case wait(until: Date?)
    }

    /// What the CA's limits say about a job.
    package enum Admission: Sendable, Hashable {
        case granted
        /// The gate is shut for all who have to pass it.
        case shut(until: Date)
        /// This device alone has to wait.
        case postponed(until: Date)
    }

    /// How an attempt ended.
    package enum Outcome: Sendable, Hashable {
        case succeeded
        /// For a reason of the device's own; whoever keeps the queue says when it is due again.
        case failed
        /// The CA is not available or asks for a pause. The job is waiting again.
        case troubled(retryAfter: Duration?)
        /// A limit of the CA's is used up. The job is waiting again.
        case limited(until: Date)
        /// The certificate is there, but from another CA: this one does not work.
        case succeededElsewhere
        /// Somebody else does it, or it is not wanted any more.
        case skipped
    }

    let policy: SchedulingPolicy
    var zones: [ZoneState] = []
    var lanes: [LaneState] = []
    var gates: [GateState] = []
    var authorities: [AuthorityState] = []
    var tickets: [Device.ID: Ticket] = [:]
    var running: [Device.ID: Running] = [:]
    /// Devices that go ahead, in the order in which that was asked for.
    var ahead: [Device.ID] = []
    var watch: CanaryWatch
    /// Queued or running jobs of the group that goes first.
    var canaries = 0
    /// Starts in a row that went to endangered ones.
    var endangeredInARow = 0
    /// The virtual time of the zone that started last.
    var zoneClock = 0.0
    var firstCertificates = FirstCertificatePace.Level()
    /// Devices there are, with and without a certificate: how many the first ones are to be spread for.
    package var fleetSize = 0
    private var generation: UInt32 = 0

    package init(policy: SchedulingPolicy) {
        self.policy = policy
        watch = CanaryWatch(policy)
    }

    // MARK: - Who there is

    /// - Parameter tag: nil: devices without one.
    package mutating func lane(zone: String, tag: String?) -> JobLane {
        let zoneIndex = zones.firstIndex { $0.name == zone } ?? zones.endIndex
        if zoneIndex == zones.endIndex { zones.append(ZoneState(name: zone)) }
        if let known = zones[zoneIndex].lanes.first(where: { lanes[$0].tag == tag }) {
            return JobLane(index: Int32(known))
        }
        lanes.append(LaneState(zone: zoneIndex, tag: tag))
        zones[zoneIndex].lanes.append(lanes.endIndex - 1)
        return JobLane(index: Int32(lanes.endIndex - 1))
    }

    /// - Parameters:
    ///   - name: of the limit, for example of a registered domain.
    ///   - authority: the CA's directory URL.
    package mutating func gate(_ name: String, authority: String) -> JobGate {
        let owner = authorities.firstIndex { $0.url == authority } ?? authorities.endIndex
        if owner == authorities.endIndex {
            authorities.append(
                AuthorityState(url: authority, governor: ConcurrencyGovernor(range: policy.concurrency)))
        }
        if let known = gates.firstIndex(where: { $0.name == name && $0.authority == owner }) {
            return JobGate(index: Int32(known))
        }
        gates.append(GateState(name: name, authority: owner))
        return JobGate(index: Int32(gates.endIndex - 1))
    }

    // MARK: - What is to be done

    /// Jobs that wait for their turn.
    package var waitingCount: Int { tickets.count - running.count }
    package var runningCount: Int { running.count }

    /// Whether the device's job waits or is under way.
    package func holds(_ device: Device.ID) -> Bool { tickets[device] != nil }

    /// Whether just this job waits or is under way.
    package func holds(_ job: CertificateJob) -> Bool { tickets[job.device]?.job == job }

    /// Orders that the CA is trusted with at a time at present; nil for one without a job so far.
    package func limit(authority: String) -> Int? { authorities.first { $0.url == authority }?.governor.limit }

    /// The CA whose limits the device's job, waiting or under way, has to pass.
    package func authority(of device: Device.ID) -> String? {
        guard let job = running[device]?.job ?? tickets[device]?.job else { return nil }
        return authorities[gates[Int(job.gate.index)].authority].url
    }

    /// Puts a job in the queue, in place of the device's earlier one. While one is under way, the new one follows it.
    package mutating func submit(_ job: CertificateJob, at now: Date) {
        if running[job.device] != nil {
            running[job.device]?.successor = job
            return
        }
        let isAhead = tickets[job.device]?.isAhead ?? false
        if isAhead {
            tickets[job.device]?.job = job
            return
        }
        withdraw(job.device)
        enqueue(job, at: now)
    }

    /// Takes a job out of the queue; one under way is not affected.
    package mutating func withdraw(_ device: Device.ID) {
        guard running[device] == nil, let ticket = tickets.removeValue(forKey: device) else { return }
        lanes[Int(ticket.job.lane.index)].queued -= 1
        if ticket.job.isCanary { canaries -= 1 }
        if ticket.isAhead { ahead.removeAll { $0 == device } }
    }

    /// Lets a waiting job go before all others, past quiet hours, its group and the number of places, but not past what the
    /// CA allows.
    package mutating func expedite(_ device: Device.ID) {
        guard running[device] == nil, tickets[device]?.isAhead == false else { return }
        generation &+= 1
        tickets[device]?.generation = generation
        tickets[device]?.isAhead = true
        ahead.append(device)
    }

    /// What to do now. Ask until the answer is to wait.
    ///
    /// - Parameter admit: what the CA's limits say about the job that would be next; it is charged when it is granted.
    package mutating func next(at now: Date, admit: (CertificateJob) -> Admission = { _ in .granted }) -> Decision {
        watch.note(isPending: canaries > 0, at: now)
        while true {
            let choice = choose(at: now)
            guard let job = choice.job else { return .wait(until: choice.wake) }
            switch admit(job) {
            case .granted:
                start(job, endangered: choice.isEndangered, at: now)
                return .start(job)
            case .shut(let until):
                // A second at least, so that a limit that is open again at this moment is not asked for ever.
                gates[Int(job.gate.index)].shutUntil = max(until, now.addingTimeInterval(1))
            case .postponed(let until):
                withdraw(job.device)
                return .postpone(job, until: until)
            }
        }
    }

    /// Says how an attempt ended. Its place is free again.
    package mutating func finished(_ device: Device.ID, _ outcome: Outcome, at now: Date) {
        guard let run = running.removeValue(forKey: device) else { return }
        tickets[device] = nil
        let gate = Int(run.job.gate.index)
        let authority = gates[gate].authority
        authorities[authority].running -= 1
        zones[lanes[Int(run.job.lane.index)].zone].running -= 1
        if run.job.isCanary { canaries -= 1 }
        var again = run.successor
        switch outcome {
        case .succeeded:
            authorities[authority].governor.succeeded()
            if run.job.isCanary { watch.succeeded(at: now) }
        case .failed:
            if run.job.isCanary { watch.failed(at: now) }
        case .troubled(let retryAfter):
            authorities[authority].governor.troubled(begun: run.since, retryAfter: retryAfter, now: now)
            again = again ?? run.job
        case .limited(let until):
            gates[gate].shutUntil = max(until, now.addingTimeInterval(1))
            again = again ?? run.job
        case .succeededElsewhere:
            authorities[authority].governor.troubled(begun: run.since, retryAfter: nil, now: now)
        case .skipped: break
        }
        if let again { enqueue(again, at: now) }
    }

    // MARK: - Book-keeping

    private mutating func enqueue(_ job: CertificateJob, at now: Date) {
        generation &+= 1
        tickets[job.device] = Ticket(job: job, generation: generation)
        if job.isCanary { canaries += 1 }
        let lane = Int(job.lane.index)
        if lanes[lane].queued == 0 {
            // Whoever was away has no claim to the turns of that time.
            let zone = lanes[lane].zone
            zones[zone].time = max(zones[zone].time, zoneClock)
            lanes[lane].time = max(lanes[lane].time, zones[zone].laneClock)
        }
        lanes[lane].insert(
            JobHeap.Entry(
                latestStart: job.latestStart(policy).timeIntervalSinceReferenceDate, generation: generation,
                device: job.device.rawValue),
            of: job)
    }

    private mutating func start(_ job: CertificateJob, endangered: Bool, at now: Date) {
        let lane = Int(job.lane.index)
        let zone = lanes[lane].zone
        if tickets[job.device]?.isAhead == true { ahead.removeAll { $0 == job.device } }
        endangeredInARow = endangered ? endangeredInARow + 1 : 0
        zoneClock = zones[zone].time
        zones[zone].laneClock = lanes[lane].time
        zones[zone].time += 1
        lanes[lane].time += 1
        lanes[lane].queued -= 1
        zones[zone].running += 1
        authorities[gates[Int(job.gate.index)].authority].running += 1
        if job.need == .first { firstCertificates.take() }
        running[job.device] = Running(job: job, since: now)
    }
}
