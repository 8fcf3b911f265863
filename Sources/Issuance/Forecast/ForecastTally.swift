import FoundationEssentials

/// Counts what happens in a simulation.
struct ForecastTally {
    private static let hour = 3_600

    var report: ForecastReport
    private let start: Date
    private let horizon: Int
    /// From issuance to renewal, in seconds.
    private let cycle: Int
    /// What cycles are counted from.
    private var cycleStart = 0
    private var firstHours: [Int32]
    private var renewalHours: [Int32]
    private var firstRenewal: Int?
    private var minute = -1
    private var inMinute = 0
    private var attempts = 0
    private var polls = 0.0

    init(_ input: ForecastInput, devices: Int) {
        start = input.start
        horizon = input.horizon
        let end = input.start.addingTimeInterval(Double(input.lifetime))
        let renewal = RenewalPlanner.instantWithoutWindow(notBefore: input.start, notAfter: end)
        cycle = max(Int(renewal.timeIntervalSince(input.start)), Self.hour)
        let hours = [Int32](repeating: 0, count: input.horizon / Self.hour + 1)
        firstHours = hours
        renewalHours = hours
        report = ForecastReport(
            devices: devices, start: input.start, end: input.start.addingTimeInterval(Double(input.horizon)))
    }

    /// A mass revocation: cycles begin anew.
    mutating func recalled(at now: Int) {
        cycleStart = now
        report.hasRecall = true
    }

    mutating func began(at now: Int, running: Int) {
        attempts += 1
        report.mostAtOnce = max(report.mostAtOnce, running)
        if now / 60 != minute {
            minute = now / 60
            inMinute = 0
        }
        inMinute += 1
        report.busiestMinute = max(report.busiestMinute, inMinute)
    }

    /// - Parameter now: nil: it had its certificate at the beginning.
    mutating func enrolled(at now: Int?) {
        report.enrolled += 1
        guard let now else { return }
        report.firstCertificates += 1
        firstHours[min(now / Self.hour, firstHours.count - 1)] += 1
        if report.enrolled == report.devices { report.enrolledAt = start.addingTimeInterval(Double(now)) }
    }

    mutating func renewed(at now: Int, issued: Int, notAfter: Int, isReplacement: Bool) {
        report.renewals += 1
        if isReplacement { report.replacements += 1 }
        if firstRenewal == nil { firstRenewal = now }
        renewalHours[min(now / Self.hour, renewalHours.count - 1)] += 1
        if notAfter < now { ended(at: notAfter, until: now) }
        poll(from: issued, to: min(now, notAfter))
    }

    /// A certificate that was not renewed before the end.
    mutating func remaining(issued: Int, notAfter: Int) {
        if notAfter < horizon { ended(at: notAfter, until: horizon) }
        poll(from: issued, to: min(horizon, notAfter))
    }

    private mutating func ended(at notAfter: Int, until now: Int) {
        report.expired += 1
        report.hoursWithout += Double(now - max(notAfter, 0)) / Double(Self.hour)
    }

    /// One question when it is issued and one in each interval of its use; not after its end (RFC 9773 §4.3).
    private mutating func poll(from: Int, to: Int) {
        guard to > max(from, 0) else { return }
        polls += (from < 0 ? 0 : 1) + Double(to - max(from, 0)) / Double(FleetSimulation.pollInterval)
    }

    func finished() -> ForecastReport {
        var report = report
        report.busiestFirst = busiest(firstHours)
        report.busiestRenewal = busiest(renewalHours)
        if let firstRenewal {
            report.meanRenewals =
                Double(report.renewals) * Double(Self.hour) / Double(max(horizon - firstRenewal, Self.hour))
        }
        report.busiestByCycle = busiestByCycle()
        for kind in ForecastReport.RequestKind.allCases { report.requests[kind] = attempts * kind.perOrder }
        report.requests[.renewalInfo] = Int(polls)
        if report.enrolled < report.devices {
            let quarter = firstHours.suffix(firstHours.count / 4)
            let pace = Double(quarter.reduce(0) { $0 + Int($1) }) / Double(max(quarter.count, 1))
            if pace > 0 {
                let left = Double(report.devices - report.enrolled) / pace * Double(Self.hour)
                report.expectedAt = report.end.addingTimeInterval(left)
            }
        }
        return report
    }

    /// Each cycle lies around a multiple of the time from issuance to renewal: windows reach to both sides of it.
    private func busiestByCycle() -> [Int] {
        var cycles: [Int] = []
        var begin = cycleStart / Self.hour
        var end = (cycleStart + cycle / 2) / Self.hour
        while begin < renewalHours.count {
            let hours = renewalHours[begin..<min(max(end, begin + 1), renewalHours.count)]
            cycles.append(Int(hours.max() ?? 0))
            begin = max(end, begin + 1)
            end = begin + max(cycle / Self.hour, 1)
        }
        // The last one is cut off by the end, which makes it look quiet.
        if cycles.count > 1 { cycles.removeLast() }
        return Array(cycles.drop { $0 == 0 })
    }

    private func busiest(_ hours: [Int32]) -> ForecastReport.Hour? {
        guard let most = hours.indices.max(by: { hours[$0] < hours[$1] }), hours[most] > 0 else { return nil }
        return ForecastReport.Hour(
            start: start.addingTimeInterval(Double(most * Self.hour)), orders: Int(hours[most]))
    }
}
