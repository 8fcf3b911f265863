package import FleetStore
package import FoundationEssentials
import Synchronization

/// The certificate work of this process: what the store says is due, in the scheduler's order. Several processes may have
/// a board each; the device's lease decides who does the work, and the others find it done.
package final class WorkBoard: Sendable {
    /// What is due is read whole this often, in seconds; in between only what has become due.
    private static let wholeInterval: TimeInterval = 60
    /// Clocks of several machines, and transactions that take a moment.
    private static let overlap: TimeInterval = 5
    /// After so long something that another process held is looked at again.
    private static let secondLook: TimeInterval = 5

    private struct State {
        var scheduler: JobScheduler
        var readUpTo = Date.distantPast
        var readWholeAt = Date.distantPast
        /// What was submitted, and not begun.
        var submitted: Set<Device.ID> = []
        /// For those under way, when what is being done was asked for.
        var begun: [Device.ID: Date] = [:]
        var asked: [Device.ID: Date] = [:]
        /// The CA that is asked in place of the first one for what cannot wait.
        var reserve: String?
    }

    /// A CA that takes the place of one that does not work.
    package struct Reserve: Sendable {
        package let directoryURL: String
        /// How long the first CA must have been failing.
        package let after: Duration

        package init(directoryURL: String, after: Duration) {
            self.directoryURL = directoryURL
            self.after = after
        }
    }

    private let store: any FleetStore
    private let directoryURL: String
    private let canaryTag: String?
    private let reserves: [Reserve]
    private let now: @Sendable () -> Date
    private let state: Mutex<State>

    /// - Parameters:
    ///   - directoryURL: the CA's.
    ///   - canaryTag: of the devices that go first; nil: none do.
    ///   - reserves: the CAs that take its place, each with places and limits of its own.
    package init(
        store: any FleetStore, directoryURL: String, policy: SchedulingPolicy = SchedulingPolicy(),
        canaryTag: String? = nil, reserves: [Reserve] = [], now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.store = store
        self.directoryURL = directoryURL
        self.canaryTag = canaryTag
        self.reserves = reserves
        self.now = now
        state = Mutex(State(scheduler: JobScheduler(policy: policy)))
    }

    /// Reads what has become due, and now and then all that is.
    package func refresh() async throws(FleetStoreError) {
        let time = now()
        let after = state.withLock { state in
            let isWhole =
                time.timeIntervalSince(state.readWholeAt) >= Self.wholeInterval || time < state.readUpTo
            return isWhole ? Date.distantPast : state.readUpTo.addingTimeInterval(-Self.overlap)
        }
        let work = try await store.dueWork(after: after, upTo: time)
        let reserve = try await reserveInUse(at: time)
        var fleetSize: Int?
        // Only first certificates are spread over the fleet.
        if after == .distantPast, work.contains(where: { $0.validity == nil }) {
            fleetSize = try await store.census(at: time).devices[.active]
        }
        let size = fleetSize
        state.withLock { state in
            state.reserve = reserve
            if let size { state.scheduler.fleetSize = size }
            if after == .distantPast {
                state.readWholeAt = time
                // Settled, suspended or parked by somebody else meanwhile.
                for device in state.submitted.subtracting(work.map(\.deviceID)) { state.scheduler.withdraw(device) }
                state.submitted.formIntersection(work.map(\.deviceID))
                state.asked = state.asked.filter { state.submitted.contains($0.key) }
            }
            state.readUpTo = time
            for item in work { submit(item, at: time, &state) }
        }
    }

    /// What can be done now. Say by `finished` how it went.
    package func next() -> JobScheduler.Decision {
        state.withLock { state in
            let decision = state.scheduler.next(at: now())
            if case .start(let job) = decision {
                state.submitted.remove(job.device)
                state.begun[job.device] = state.asked.removeValue(forKey: job.device)
            }
            return decision
        }
    }

    /// What an attempt means for those that come after it, at the CA that it was meant for.
    package func outcome(_ outcome: RequestWorker.Outcome, of device: Device.ID) -> JobScheduler.Outcome {
        if case .issued(let record) = outcome {
            let meant = state.withLock { $0.scheduler.authority(of: device) }
            if meant == directoryURL, record.directoryURL != directoryURL { return .succeededElsewhere }
        }
        return JobScheduler.Outcome(outcome)
    }

    /// An attempt has ended. What is to be tried again becomes due in the store.
    package func finished(_ device: Device.ID, _ outcome: JobScheduler.Outcome) {
        state.withLock { state in
            let time = now()
            state.scheduler.finished(device, outcome, at: time)
            state.begun[device] = nil
            if outcome == .skipped {
                let look = time.addingTimeInterval(Self.secondLook - Self.wholeInterval)
                state.readWholeAt = min(state.readWholeAt, look)
            }
            // The store knows when it is due again, which need not be now.
            if !state.submitted.contains(device) { state.scheduler.withdraw(device) }
        }
    }

    /// How many wait, how many are under way, and how many the CA is trusted with at a time.
    package var load: (waiting: Int, running: Int, limit: Int?) {
        state.withLock { state in
            (state.scheduler.waitingCount, state.scheduler.runningCount, state.scheduler.limit(authority: directoryURL))
        }
    }

    /// The CA that takes the first one's place now.
    private func reserveInUse(at time: Date) async throws(FleetStoreError) -> String? {
        guard !reserves.isEmpty, let trouble = try await store.trouble(at: directoryURL) else { return nil }
        return reserves.first { OutageRule.isDown(trouble, patience: $0.after, now: time) }?.directoryURL
    }

    private func submit(_ item: DueWork, at time: Date, _ state: inout State) {
        // What is under way is in the store until it is done; only what was asked for meanwhile follows it.
        if let begun = state.begun[item.deviceID], item.requestedAt <= begun { return }
        let tag = item.tags.first { $0 != canaryTag }
        let need = Self.need(item, at: time)
        // The places and pauses of the CA that is going to be asked, so that the first one's outage does not hold it up.
        let isPressing = OutageRule.isPressing(item.isRevoked ? nil : item.validity, now: time)
        let authority = isPressing ? state.reserve ?? directoryURL : directoryURL
        let job = CertificateJob(
            device: item.deviceID, lane: state.scheduler.lane(zone: item.zone, tag: tag),
            // What the limits on new certificates stop must not stop renewals, which are free of them.
            gate: state.scheduler.gate(need == .first ? "new:" + item.zone : "renewals", authority: authority),
            need: need, since: need == .recall ? item.windowEnd ?? item.dueAt : item.requestedAt,
            notAfter: item.validity?.upperBound,
            lifetime: item.validity.map { $0.upperBound.timeIntervalSince($0.lowerBound) } ?? 0,
            isCanary: canaryTag.map(item.tags.contains) ?? false)
        if !state.scheduler.holds(job) { state.scheduler.submit(job, at: time) }
        if item.isAhead { state.scheduler.expedite(item.deviceID) }
        state.submitted.insert(item.deviceID)
        state.asked[item.deviceID] = item.requestedAt
    }

    static func need(_ item: DueWork, at time: Date) -> CertificateJob.Need {
        guard let validity = item.validity else { return .first }
        guard !item.isRevoked, time < validity.upperBound else { return .expired }
        // Windows lie at the end of the first half or two thirds of the life; one that ended well before was moved there.
        let life = validity.upperBound.timeIntervalSince(validity.lowerBound)
        let usual = RenewalPlanner.instantWithoutWindow(notBefore: validity.lowerBound, notAfter: validity.upperBound)
        if let end = item.windowEnd, end <= time, end < usual.addingTimeInterval(-life / 20) { return .recall }
        return .renewal
    }
}
