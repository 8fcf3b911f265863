import FleetStore
import FoundationEssentials

@testable import Issuance

/// A scheduler with names for what tests need, on a clock of its own.
struct SchedulerHarness {
    static let authority = "https://ca.example/directory"
    static let day: TimeInterval = 86_400

    var scheduler: JobScheduler
    var now = Date(timeIntervalSince1970: 1_800_000_000)

    init(_ change: (inout SchedulingPolicy) -> Void = { _ in }) {
        var policy = SchedulingPolicy()
        policy.concurrency = 1...1
        change(&policy)
        scheduler = JobScheduler(policy: policy)
    }

    mutating func renewal(
        _ id: Int64, daysLeft: Double, zone: String = "a.example", tag: String? = nil, life: Double = 90,
        gate: String = "renewals", isCanary: Bool = false
    ) {
        submit(id, .renewal, notAfter: now.addingTimeInterval(daysLeft * Self.day), zone, tag, life, gate, isCanary)
    }

    mutating func first(_ id: Int64, zone: String = "a.example", tag: String? = nil, gate: String = "first") {
        submit(id, .first, notAfter: nil, zone, tag, 90, gate, false)
    }

    mutating func recall(_ id: Int64, daysLeft: Double, isCanary: Bool = false) {
        let end = now.addingTimeInterval(daysLeft * Self.day)
        submit(id, .recall, notAfter: end, "a.example", nil, 90, "renewals", isCanary)
    }

    mutating func expired(_ id: Int64, daysAgo: Double) {
        let end = now.addingTimeInterval(-daysAgo * Self.day)
        submit(id, .expired, notAfter: end, "a.example", nil, 90, "renewals", false)
    }

    private mutating func submit(
        _ id: Int64, _ need: CertificateJob.Need, notAfter: Date?, _ zone: String, _ tag: String?, _ life: Double,
        _ gate: String, _ isCanary: Bool
    ) {
        scheduler.submit(
            CertificateJob(
                device: Device.ID(rawValue: id), lane: scheduler.lane(zone: zone, tag: tag),
                gate: scheduler.gate(gate, authority: Self.authority), need: need, since: now, notAfter: notAfter,
                lifetime: life * Self.day, isCanary: isCanary),
            at: now)
    }

    /// Starts the next one, or nil when nothing can start.
    mutating func start(admit: (CertificateJob) -> JobScheduler.Admission = { _ in .granted }) -> Int64? {
        guard case .start(let job) = scheduler.next(at: now, admit: admit) else { return nil }
        return job.device.rawValue
    }

    mutating func finish(_ id: Int64, _ outcome: JobScheduler.Outcome = .succeeded) {
        scheduler.finished(Device.ID(rawValue: id), outcome, at: now)
    }

    /// Starts and ends one after the other, up to `count`; the order in which they came.
    mutating func run(_ count: Int = .max) -> [Int64] {
        var order: [Int64] = []
        while order.count < count, let id = start() {
            order.append(id)
            finish(id)
        }
        return order
    }

    /// Until when nothing can start; nil when something could, or when nothing is waited for.
    func wake() -> TimeInterval? {
        // Asked of a copy: what could start is not started.
        var copy = scheduler
        guard case .wait(let until?) = copy.next(at: now) else { return nil }
        return until.timeIntervalSince(now)
    }
}
