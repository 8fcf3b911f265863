/// What Let's Encrypt's form for more than the published limits offers, in certificates or orders a week.
package enum OverrideTier {
    static let newOrdersPerAccount = [
        1_000, 5_000, 10_000, 25_000, 50_000, 75_000, 100_000, 175_000, 250_000, 500_000, 750_000, 1_000_000,
    ]
    static let certificatesPerDomainPerAccount = [
        300, 1_000, 5_000, 10_000, 25_000, 50_000, 75_000, 100_000, 175_000, 250_000, 500_000, 1_000_000, 1_750_000,
        2_500_000,
    ]

    /// The least tier that gives as many a week, or the greatest there is.
    static func covering(_ perWeek: Double, of tiers: [Int]) -> Int? {
        tiers.first { Double($0) >= perWeek } ?? tiers.last
    }

    /// What the limit comes to in the long run.
    package static func perWeek(_ limit: AuthorityLimits.Limit) -> Double {
        Double(limit.count) * 7 * 86_400 / limit.period.seconds
    }

    /// The limits with which `devices` of one registered domain are enrolled within `weeks`, when those given do not
    /// suffice; nil when they do.
    package static func request(
        devices: Int, weeks: Double, limits: AuthorityLimits
    ) -> (newOrders: Int?, certificatesPerDomain: Int?)? {
        let needed = Double(devices) / weeks
        func tier(_ limit: AuthorityLimits.Limit?, _ tiers: [Int]) -> Int? {
            guard let limit, Double(limit.count) + perWeek(limit) * weeks < Double(devices) else { return nil }
            return covering(needed, of: tiers)
        }
        let orders = tier(limits.newOrders, newOrdersPerAccount)
        let certificates = tier(limits.certificatesPerDomain, certificatesPerDomainPerAccount)
        return orders == nil && certificates == nil ? nil : (orders, certificates)
    }
}
