import FleetStore
import FoundationEssentials

extension JobScheduler {
    /// Which job would be next, or when to look again.
    struct Choice {
        var job: CertificateJob?
        var isEndangered = false
        var wake: Date?

        mutating func wakes(at instant: Date?) {
            guard let instant, instant < .distantFuture else { return }
            wake = wake.map { min($0, instant) } ?? instant
        }
    }

    /// The first job of a track, and how it compares.
    private struct Head {
        let job: CertificateJob
        let latestStart: Double
        let zoneTime: Double
        let laneTime: Double
        /// 0 before 1.
        let rank: Int
    }

    mutating func choose(at now: Date) -> Choice {
        var choice = Choice()
        let places = places(at: now, &choice)
        if let device = ahead.first(where: { isAllowed($0, at: now, &choice) }), let ticket = tickets[device] {
            choice.job = ticket.job
            return choice
        }
        let (heads, endangered) = heads(at: now, places: places, &choice)
        let urgent = endangered.min {
            ($0.latestStart, $0.job.device.rawValue) < ($1.latestStart, $1.job.device.rawValue)
        }
        let fair = heads.min {
            ($0.rank, $0.zoneTime, $0.laneTime, $0.latestStart, $0.job.device.rawValue)
                < ($1.rank, $1.zoneTime, $1.laneTime, $1.latestStart, $1.job.device.rawValue)
        }
        if let urgent, fair == nil || endangeredInARow < policy.turns - 1 {
            choice.job = urgent.job
            choice.isEndangered = true
        } else {
            choice.job = fair?.job
        }
        return choice
    }

    // MARK: - Places

    /// For each CA, whether there is a place for one more.
    private func places(at now: Date, _ choice: inout Choice) -> [Bool] {
        authorities.indices.map { index in
            let authority = authorities[index]
            if authority.governor.isPaused(now) {
                choice.wakes(at: authority.governor.pausedUntil)
                return false
            }
            let limit = authority.governor.limit
            guard authority.running >= limit else { return true }
            // Only now is it worth while to look for those that are stuck: no more than the limit of them gives way.
            let begun = running.values.filter { gates[Int($0.job.gate.index)].authority == index }.map(\.since)
            let line = now.addingTimeInterval(-policy.stuckAfter.seconds)
            let stuck = min(begun.count { $0 <= line }, limit)
            if authority.running - stuck < limit { return true }
            choice.wakes(at: begun.filter { $0 > line }.min()?.addingTimeInterval(policy.stuckAfter.seconds))
            return false
        }
    }

    private func hasPlace(zone: Int, authority: Int) -> Bool {
        guard zones.count > 1 else { return true }
        let limit = Double(authorities[authority].governor.limit) * policy.zoneShare
        return zones[zone].running < max(1, Int(limit.rounded(.up)))
    }

    /// Whether the CA lets a device through that goes ahead of all others.
    private func isAllowed(_ device: Device.ID, at now: Date, _ choice: inout Choice) -> Bool {
        guard let ticket = tickets[device] else { return false }
        let gate = gates[Int(ticket.job.gate.index)]
        if let until = gate.shutUntil, until > now {
            choice.wakes(at: until)
            return false
        }
        let authority = authorities[gate.authority]
        // At most twice as many as the CA is trusted with: this is a way past the others, not past the CA.
        return !authority.governor.isPaused(now) && authority.running < 2 * authority.governor.limit
    }

    // MARK: - Heads

    private mutating func heads(
        at now: Date, places: [Bool], _ choice: inout Choice
    ) -> (fair: [Head], endangered: [Head]) {
        let canaryHold = watch.holdsUntil(now)
        let quietEnd = policy.quietHours.flatMap { $0.contains(now) ? $0.end(after: now) : nil }
        let paced = policy.firstCertificates.flatMap { firstCertificates.earliest($0, fleet: fleetSize, at: now) }
        var fair: [Head] = []
        var endangered: [Head] = []
        for lane in lanes.indices where lanes[lane].queued > 0 {
            let zone = lanes[lane].zone
            for track in lanes[lane].tracks.indices {
                guard let job = first(lane: lane, track: track) else { continue }
                let gate = gates[Int(job.gate.index)]
                if let until = gate.shutUntil, until > now {
                    choice.wakes(at: until)
                    continue
                }
                if let paced, job.need == .first {
                    choice.wakes(at: paced)
                    continue
                }
                guard places[gate.authority], hasPlace(zone: zone, authority: gate.authority) else { continue }
                let start = job.latestStart(policy)
                let danger = job.endangeredFrom(policy)
                let head = Head(
                    job: job, latestStart: start.timeIntervalSinceReferenceDate, zoneTime: zones[zone].time,
                    laneTime: lanes[lane].time, rank: rank(job))
                if danger <= now {
                    endangered.append(head)
                    continue
                }
                let hold = hold(job, canaryHold: canaryHold, quietEnd: quietEnd)
                if let hold, hold > now {
                    choice.wakes(at: min(hold, danger))
                    continue
                }
                fair.append(head)
            }
        }
        // What is endangered is also there for its fair turn.
        return (fair.isEmpty ? [] : fair + endangered, endangered)
    }

    /// Until when a job that is not endangered is held up.
    private func hold(_ job: CertificateJob, canaryHold: Date?, quietEnd: Date?) -> Date? {
        guard !job.isWaiting else { return nil }
        let group = job.isCanary ? nil : canaryHold
        guard job.need == .renewal, let quietEnd else { return group }
        return max(group ?? quietEnd, quietEnd)
    }

    private func rank(_ job: CertificateJob) -> Int {
        if job.isCanary { return 0 }
        return job.isWaiting && policy.waiting == .afterRenewals ? 2 : 1
    }

    /// The first job of a track, entries left behind by others removed.
    private mutating func first(lane: Int, track: Int) -> CertificateJob? {
        while let entry = lanes[lane].tracks[track].heap.first {
            let device = Device.ID(rawValue: entry.device)
            if let ticket = tickets[device], ticket.generation == entry.generation, running[device] == nil {
                return ticket.job
            }
            lanes[lane].tracks[track].heap.removeFirst()
        }
        return nil
    }
}
