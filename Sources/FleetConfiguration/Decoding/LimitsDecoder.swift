import DNSUpdate
import Yams

/// Reads `acme.limits`: one word, or a section of overrides.
struct LimitsDecoder {
    let values: ValueReader

    func limits(_ acme: Section) -> ACMELimits? {
        guard acme.has("limits") else { return ACMELimits() }
        if case .scalar = acme.node("limits") {
            return acme.value("limits", Self.base).map { base in
                var limits = ACMELimits()
                limits.base = base
                return limits
            }
        }
        let keys = [
            "base", "new-orders", "certificates-per-domain", "certificates-per-set", "failures-per-name",
            "registered-domains",
        ]
        guard let section = acme.section("limits", accepts: keys) else { return nil }
        var limits = ACMELimits()
        limits.base = section.value("base", Self.base) ?? .byDirectory
        limits.newOrders = section.value("new-orders", Self.override)
        limits.certificatesPerDomain = section.value("certificates-per-domain", Self.override)
        limits.certificatesPerSet = section.value("certificates-per-set", Self.override)
        limits.failuresPerName = section.value("failures-per-name", Self.override)
        limits.registeredDomains =
            section.list("registered-domains", values.zoneName)?.map { Self.plain($0) } ?? []
        return limits
    }

    private static func plain(_ name: DomainName) -> String {
        let text = name.description.lowercased()
        return text.hasSuffix(".") ? String(text.dropLast()) : text
    }

    private static func base(_ text: String) throws(ConfigurationComplaint) -> ACMELimits.Base {
        guard let base = ACMELimits.Base(rawValue: text) else {
            throw ConfigurationComplaint(
                "\(quoted(text)) is not whose limits they are",
                hint: "write \(listed(ACMELimits.Base.allCases.map(\.rawValue))), or a section of overrides")
        }
        return base
    }

    /// `300/3h`, `75000/7d`, or `off`.
    private static func override(_ text: String) throws(ConfigurationComplaint) -> ACMELimits.Override {
        if text == "off" { return .off }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let count = ValueReader.seconds(String(parts[0])), parts[0].last?.isNumber == true,
            let seconds = ValueReader.seconds(String(parts[1]))
        else {
            throw ConfigurationComplaint(
                "\(quoted(text)) is not a limit",
                hint: "write how many in which time, such as 300/3h or 75000/7d, or off")
        }
        guard (1...100_000_000).contains(count), (1...315_360_000).contains(seconds) else {
            throw ConfigurationComplaint(
                "\(quoted(text)) is out of range", hint: "at least 1 and at most 100000000, in at most 3650d")
        }
        return .rate(count: count, seconds: seconds)
    }
}
