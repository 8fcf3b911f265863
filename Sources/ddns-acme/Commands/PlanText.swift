import FoundationEssentials

/// A forecast as a table for people.
enum PlanText {
    static func page(_ plan: PlanResult) -> String {
        var lines = [
            "\(number(plan.devices)) \(plan.fleet), certificates of \(time(plan.lifetimeSeconds)), "
                + "\(plan.days) days from \(plan.from.formatted(.iso8601))"
        ]
        lines.append(row("limits", limits(plan.limits)))
        lines.append("with these limits")
        lines += outcome(plan.asItIs, plan)
        guard let override = plan.askFor else { return lines.joined(separator: "\n") }
        var asks: [String] = []
        if let tier = override.certificatesPerDomainPerAccountAWeek {
            asks.append("CertificatesPerDomainPerAccount \(number(tier)) a week")
        }
        if let tier = override.newOrdersPerAccountAWeek { asks.append("NewOrdersPerAccount \(number(tier)) a week") }
        lines.append(row("ask the CA for", asks.joined(separator: ", ")))
        if let granted = plan.withOverride {
            lines.append("with that granted")
            lines += outcome(granted, plan)
        }
        return lines.joined(separator: "\n")
    }

    private static func outcome(_ outcome: PlanResult.Outcome, _ plan: PlanResult) -> [String] {
        var lines: [String] = []
        func add(_ title: String, _ text: String?) { if let text { lines.append(row(title, text)) } }
        if let date = outcome.enrolledAt {
            add("everybody enrolled", "\(date.formatted(.iso8601)), after \(span(date.timeIntervalSince(plan.from)))")
        } else if outcome.enrolled < plan.devices {
            let expected = outcome.enrollmentExpectedAt.map {
                ", the rest by \($0.formatted(.iso8601)), after \(span($0.timeIntervalSince(plan.from)))"
            }
            add(
                "everybody enrolled",
                "\(number(outcome.enrolled)) of \(number(plan.devices)) by then" + (expected ?? ""))
        }
        add(
            "orders",
            "\(decimal(outcome.ordersADay)) a day: \(number(outcome.firstCertificates)) first, "
                + "\(number(outcome.renewals)) renewals, \(number(outcome.exemptRenewals)) of them free of limits (ARI)"
        )
        add(
            "busiest first hour",
            outcome.busiestFirstHour.map { "\(number($0.orders)) on \($0.start.formatted(.iso8601))" })
        add(
            "busiest renewals",
            outcome.busiestRenewalHour.map {
                "\(number($0.orders)) an hour on \($0.start.formatted(.iso8601)), the mean is "
                    + decimal(outcome.meanRenewalsAnHour)
            })
        add("busiest by cycle", cycles(outcome.busiestRenewalHourByCycle))
        if outcome.broughtForward > 0 {
            add("brought forward", "\(number(outcome.broughtForward)) renewals, not to bunch")
        }
        add(
            "at a time",
            "\(outcome.mostAtOnce) orders at most, \(number(outcome.busiestMinute)) begun in the busiest minute")
        let requests = outcome.requests.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        add(
            "requests", requests.filter { $0.value > 0 }.map { "\($0.key) \(number($0.value))" }.joined(separator: ", ")
        )
        add(
            "expired",
            number(outcome.expired)
                + (outcome.expired > 0 ? ", \(decimal(outcome.hoursWithoutCertificate)) device hours without" : ""))
        if outcome.recallDoneAt != nil || outcome.revokedInUse > 0 {
            let done = outcome.recallDoneAt.map { "all replaced by \($0.formatted(.iso8601)), " } ?? ""
            add("mass revocation", done + "\(number(outcome.revokedInUse)) still in use when revoked")
        }
        add("limits exceeded", number(outcome.limitsExceeded))
        for hint in outcome.hints { add("hint", hint) }
        return lines
    }

    /// All of a year of certificates of 45 days; of many short cycles those at the beginning and the last.
    private static func cycles(_ cycles: [Int]) -> String? {
        guard cycles.count > 1 else { return nil }
        if cycles.count <= 13 { return cycles.map(number).joined(separator: ", ") }
        return cycles.prefix(6).map(number).joined(separator: ", ")
            + ", … " + number(cycles[cycles.count - 1]) + " in the \(cycles.count)th"
    }

    // MARK: - Words

    private static func limits(_ limits: PlanResult.Limits) -> String {
        func text(_ limit: PlanResult.Limit?, _ what: String) -> String? {
            limit.map { "\(number($0.count)) \(what) in \(time($0.seconds))" }
        }
        let all = [
            text(limits.newOrdersPerAccount, "orders"),
            text(limits.certificatesPerDomain, "certificates for a registered domain"),
            text(limits.certificatesPerSet, "for the same names"),
        ].compactMap { $0 }
        return all.isEmpty ? "none" : all.joined(separator: ", ")
    }

    private static func row(_ title: String, _ text: String) -> String {
        "  " + title + String(repeating: " ", count: max(1, 20 - title.count)) + text
    }

    private static func time(_ seconds: Int) -> String {
        seconds % 86_400 == 0 ? "\(seconds / 86_400) d" : seconds % 3_600 == 0 ? "\(seconds / 3_600) h" : "\(seconds) s"
    }

    private static func span(_ seconds: TimeInterval) -> String {
        switch seconds {
        case ..<7_200: "\(Int(seconds / 60)) minutes"
        case ..<172_800: "\(Int(seconds / 3_600)) hours"
        case ..<(2 * 365.25 * 86_400): "\(Int(seconds / 86_400)) days"
        default: "\(Int((seconds / (365.25 * 86_400)).rounded())) years"
        }
    }

    private static func decimal(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return number(tenths / 10) + (tenths % 10 == 0 ? "" : ".\(tenths % 10)")
    }

    /// With commas between thousands.
    private static func number(_ value: Int) -> String {
        var digits = Array(String(value))
        var index = digits.count - 3
        while index > 0 {
            digits.insert(",", at: index)
            index -= 3
        }
        return String(digits)
    }
}
