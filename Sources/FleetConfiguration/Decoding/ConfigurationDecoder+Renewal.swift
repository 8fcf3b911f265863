extension ConfigurationDecoder {
    static let renewalKeys = ["concurrency", "quiet-hours", "canary-tag", "first-certificates", "spread"]

    private static let longestPeriod = 90 * 86_400

    func renewal(_ section: Section) -> RenewalConfiguration {
        let standard = RenewalConfiguration.standard
        return RenewalConfiguration(
            concurrency: section.value("concurrency", Self.concurrency) ?? standard.concurrency,
            quietHours: section.value("quiet-hours", Self.hours),
            canaryTag: section.value("canary-tag", values.word),
            firstCertificates: section.value("first-certificates", Self.period) ?? standard.firstCertificates,
            spreads: section.value("spread", values.boolean) ?? standard.spreads)
    }

    private static func concurrency(_ text: String) throws(ConfigurationComplaint) -> Int {
        let allowed = RenewalConfiguration.allowedConcurrency
        guard text.utf8.count < 5, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let count = Int(text),
            allowed.contains(count)
        else {
            throw ConfigurationComplaint(
                "\(quoted(text)) is not a number of orders",
                hint: "write a number from \(allowed.lowerBound) to \(allowed.upperBound)")
        }
        return count
    }

    /// `7d`, or `off`.
    private static func period(_ text: String) throws(ConfigurationComplaint) -> Int? {
        if text == "off" { return nil }
        guard let seconds = ValueReader.seconds(text), (3_600...longestPeriod).contains(seconds) else {
            throw ConfigurationComplaint("\(quoted(text)) is not a time", hint: "write 1h to 90d, such as 7d, or off")
        }
        return seconds
    }

    /// `22:00-06:00`, UTC.
    private static func hours(_ text: String) throws(ConfigurationComplaint) -> RenewalConfiguration.Hours {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map(minutes)
        guard ends.count == 2, let start = ends[0], let end = ends[1], start != end else {
            throw ConfigurationComplaint(
                "\(quoted(text)) is not a part of the day", hint: "write two times in UTC, such as 22:00-06:00")
        }
        return RenewalConfiguration.Hours(start: start, end: end)
    }

    private static func minutes(_ text: Substring) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2,
            parts.allSatisfy({ $0.utf8.count == 2 && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            let hour = Int(parts[0]), let minute = Int(parts[1]), hour < 24, minute < 60
        else { return nil }
        return hour * 60 + minute
    }
}
