import FleetStore
import FoundationEssentials

/// A fleet and a CA on a virtual clock, worked on by the scheduler and the limiter that the server works with. The same
/// input gives the same report.
package final class FleetSimulation {
    private static let hour = 3_600
    /// How often devices' windows are asked for: Boulder's Retry-After, 6 hours, ±20 %.
    static let pollInterval = 6 * 3_600
    private static let outageTime = 10

    let input: ForecastInput
    var fleet: FleetModel
    private var wheel: EventWheel
    private var scheduler: JobScheduler
    private var authority: SimulatedAuthority
    private var budget: ForecastBudget
    private var calendar = RenewalCalendar()
    private var random: SeededGenerator
    var tally: ForecastTally
    private var running = CompletionQueue()
    private var lanes: [JobLane] = []
    private var newGates: [JobGate] = []
    /// The registered domain of each zone, as a number.
    private let domains: [Int]
    private var renewalGate: JobGate
    private var recallDeadline: Int?
    /// Recalled certificates that are still to be replaced.
    private var recalled = 0

    package init(_ input: ForecastInput) {
        self.input = input
        fleet = FleetModel(input)
        budget = ForecastBudget(limits: input.limits, domains: input.domains)
        wheel = EventWheel(minutes: input.horizon / 60, devices: fleet.count)
        scheduler = JobScheduler(policy: input.policy)
        // What the CA counts together: zones may lie below one registered domain.
        let registered = fleet.zones.map { input.domains.of($0) }
        let distinct = Array(Set(registered)).sorted()
        domains = registered.map { distinct.firstIndex(of: $0) ?? 0 }
        authority = SimulatedAuthority(limits: input.limits, domains: distinct.count, devices: fleet.count)
        random = SeededGenerator(seed: input.seed)
        tally = ForecastTally(input, devices: fleet.count)
        scheduler.fleetSize = fleet.count
        let url = "https://ca.example/directory"
        renewalGate = scheduler.gate("renewals", authority: url)
        for lane in fleet.lanes { lanes.append(scheduler.lane(zone: lane.zone, tag: lane.tag)) }
        for zone in fleet.zones { newGates.append(scheduler.gate("new:" + zone, authority: url)) }
        for device in 0..<fleet.count {
            wheel.insert(device, second: Int(fleet.dueAt[device]))
            guard fleet.hasCertificate(device) else { continue }
            calendar.book(date(Int(fleet.renewAt[device])))
            tally.enrolled(at: nil)
        }
    }

    /// Runs to the horizon.
    ///
    /// - Throws: `CancellationError`.
    package func run() throws -> ForecastReport {
        var incidents = input.incidents.compactMap { incident -> (at: Int, deadline: Int)? in
            guard case .massRevocation(let at, let deadline) = incident else { return nil }
            return (at, deadline)
        }.sorted { $0.at < $1.at }
        var now = 0
        var steps = 0
        while now <= input.horizon {
            steps += 1
            if steps % 4_096 == 0 { try Task.checkCancellation() }
            if let incident = incidents.first, incident.at <= now {
                incidents.removeFirst()
                recall(at: now, deadline: now + incident.deadline)
            }
            while let device = running.take(upTo: now) { finish(device, at: now) }
            while let device = wheel.take(upTo: now) { submit(device, at: now) }
            let wake = startAll(at: now)
            let times = [wake, running.next, wheel.next(), incidents.first?.at].compactMap { $0 }
            guard let next = times.min() else { break }
            now = max(next, now + 1)
        }
        return finalReport()
    }

    // MARK: - Steps

    private func startAll(at now: Int) -> Int? {
        let time = date(now)
        while true {
            let decision = scheduler.next(at: time) { [self] job in
                let device = Int(job.device.rawValue)
                return budget.admit(kind(device, at: now), name: name(device), at: time)
            }
            switch decision {
            case .wait(let until?): return Int(until.timeIntervalSince(input.start).rounded(.up))
            case .wait(nil): return nil
            case .postpone(let job, let until):
                wait(Int(job.device.rawValue), until: Int(until.timeIntervalSince(input.start).rounded(.up)))
            case .start(let job): begin(Int(job.device.rawValue), at: now)
            }
        }
    }

    private func begin(_ device: Int, at now: Int) {
        tally.began(at: now, running: scheduler.runningCount)
        guard !isDown(now) else {
            running.insert(device, end: now + Self.outageTime, .troubled)
            return
        }
        let domain = domains[Int(fleet.zone[device])]
        let isTaken = authority.order(kind(device, at: now), device: device, domain: domain, at: now)
        guard isTaken else {
            running.insert(device, end: now + 1, .refused)
            return
        }
        let end = now + max(1, Int(input.orderTime * Double.random(in: 0.5..<1.5, using: &random)))
        let fails = Double.random(in: 0..<1, using: &random) < input.failureRate
        running.insert(device, end: end, isDown(end) ? .troubled : fails ? .failed : .issued)
    }

    private func finish(_ completion: CompletionQueue.Entry, at now: Int) {
        let device = Int(completion.device)
        let id = Device.ID(rawValue: Int64(device))
        let outcome: JobScheduler.Outcome
        switch completion.result {
        case .issued:
            issue(device, at: now)
            outcome = .succeeded
        case .failed:
            tally.report.failedAttempts += 1
            fleet.failures[device] = min(fleet.failures[device] + 1, 200)
            let delay = RetrySchedule.delay(afterFailures: Int(fleet.failures[device]), asked: nil, .device)
            wait(device, until: now + Int(delay.seconds))
            outcome = .failed
        case .troubled:
            tally.report.troubledAttempts += 1
            outcome = .troubled(retryAfter: nil)
        case .refused:
            outcome = .limited(until: date(now + Self.hour))
        }
        scheduler.finished(id, outcome, at: date(now))
    }

    private func issue(_ device: Int, at now: Int) {
        if fleet.hasCertificate(device) {
            tally.renewed(
                at: now, issued: Int(fleet.notBefore[device]), notAfter: Int(fleet.notAfter[device]),
                isReplacement: isInWindow(device, now))
            calendar.cancel(date(Int(fleet.renewAt[device])))
        } else {
            tally.enrolled(at: now)
        }
        if fleet.recalledAt[device] != FleetModel.never {
            fleet.recalledAt[device] = FleetModel.never
            recalled -= 1
            if recalled == 0 { tally.report.recallDoneAt = date(now) }
            if let recallDeadline, now > recallDeadline { tally.report.revokedInUse += 1 }
        }
        fleet.failures[device] = 0
        fleet.notBefore[device] = Int32(clamping: now)
        fleet.notAfter[device] = Int32(clamping: now + input.lifetime)
        plan(device, issued: now)
    }

    private func plan(_ device: Int, issued: Int) {
        let issuedAt = date(issued)
        let end = date(issued + input.lifetime)
        // Boulder's window: 1 % of the life either way of the instant (reference: core/objects.go).
        let centre = RenewalPlanner.instantWithoutWindow(notBefore: issuedAt, notAfter: end)
        let half = Double(input.lifetime) / 100
        let window = centre.addingTimeInterval(-half)..<centre.addingTimeInterval(half)
        let goesFirst = input.canaryShare > 0 ? device < fleet.canaries : nil
        var instant = calendar.quietest(random: &random) { random in
            RenewalPlanner.instant(
                in: window, goesFirst: goesFirst, avoiding: input.policy.quietHours, random: &random)
        }
        if input.leavesWindows {
            let levelled = calendar.levelled(instant, notBefore: issuedAt, random: &random)
            if levelled != instant { tally.report.broughtForward += 1 }
            instant = levelled
        }
        calendar.book(instant)
        fleet.windowStart[device] = seconds(window.lowerBound)
        fleet.windowEnd[device] = seconds(window.upperBound)
        fleet.renewAt[device] = seconds(instant)
        wait(device, until: Int(fleet.renewAt[device]))
    }

    private func wait(_ device: Int, until second: Int) {
        fleet.dueAt[device] = Int32(clamping: second)
        wheel.insert(device, second: second)
    }

    private func submit(_ device: Int, at now: Int) {
        let has = fleet.hasCertificate(device)
        let isExpired = has && Int(fleet.notAfter[device]) <= now
        let isRecalled = fleet.recalledAt[device] != FleetModel.never
        scheduler.submit(
            CertificateJob(
                device: Device.ID(rawValue: Int64(device)), lane: lanes[Int(fleet.lane[device])],
                gate: has ? renewalGate : newGates[Int(fleet.zone[device])],
                need: !has ? .first : isExpired ? .expired : isRecalled ? .recall : .renewal, since: date(now),
                notAfter: has ? date(Int(fleet.notAfter[device])) : nil, lifetime: Double(input.lifetime),
                isCanary: device < fleet.canaries),
            at: date(now))
    }

    /// The CA wants every certificate replaced; devices learn of it when they next ask for their window.
    private func recall(at now: Int, deadline: Int) {
        recallDeadline = deadline
        tally.recalled(at: now)
        wheel.clear()
        for device in 0..<fleet.count {
            let id = Device.ID(rawValue: Int64(device))
            if fleet.hasCertificate(device), Int(fleet.notAfter[device]) > now {
                let interval = Double(Self.pollInterval) * Double.random(in: 0.8..<1.2, using: &random)
                let learned = now + Int(interval * Double.random(in: 0..<1, using: &random))
                fleet.recalledAt[device] = Int32(clamping: learned)
                // Boulder: from an hour ago to half an hour ago, so the order is not inside of it.
                fleet.windowStart[device] = Int32(clamping: learned - Self.hour)
                fleet.windowEnd[device] = Int32(clamping: learned - Self.hour / 2)
                recalled += 1
                if !scheduler.holds(id) { fleet.dueAt[device] = Int32(clamping: learned) }
            }
            if !scheduler.holds(id) { wheel.insert(device, second: Int(fleet.dueAt[device])) }
        }
    }

    // MARK: - Facts

    private func kind(_ device: Int, at now: Int) -> OrderKind {
        guard fleet.hasCertificate(device) else { return .first }
        // `replaces` is for certificates that are valid, and counts inside the window only.
        return isInWindow(device, now) && Int(fleet.notAfter[device]) > now ? .replacement : .renewal
    }

    private func name(_ device: Int) -> String { "d\(device)." + fleet.zones[Int(fleet.zone[device])] }

    private func isInWindow(_ device: Int, _ now: Int) -> Bool {
        Int(fleet.windowStart[device]) <= now && now < Int(fleet.windowEnd[device])
    }

    private func isDown(_ now: Int) -> Bool {
        input.incidents.contains { incident in
            guard case .authorityDown(let from, let length) = incident else { return false }
            return (from..<from + length).contains(now)
        }
    }

    private func date(_ second: Int) -> Date { input.start.addingTimeInterval(Double(second)) }

    private func seconds(_ date: Date) -> Int32 {
        Int32(clamping: Int(date.timeIntervalSince(input.start).rounded(.up)))
    }

    private func finalReport() -> ForecastReport {
        for device in 0..<fleet.count where fleet.hasCertificate(device) {
            let end = Int(fleet.notAfter[device])
            tally.remaining(issued: Int(fleet.notBefore[device]), notAfter: end)
        }
        tally.report.limitsExceeded = authority.exceeded
        return tally.finished()
    }
}
