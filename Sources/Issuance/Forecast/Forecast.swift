import FoundationEssentials

/// What becomes of a fleet under a CA's limits, and what to ask the CA for when they do not suffice.
package struct Forecast: Sendable {
    /// Higher limits to ask for, a week; nil: that one suffices.
    package struct Override: Sendable, Hashable {
        package let newOrdersPerAccount: Int?
        package let certificatesPerDomainPerAccount: Int?
    }

    /// With the limits as they are.
    package let asItIs: ForecastReport
    /// What it takes to have everybody enrolled within the time wanted.
    package let override: Override?
    /// With the override; nil when there is none.
    package let withOverride: ForecastReport?

    /// - Parameter weeks: within how many everybody should be enrolled.
    /// - Throws: `CancellationError`.
    package init(_ input: ForecastInput, enrolledWithin weeks: Double) throws {
        asItIs = try FleetSimulation(input).run()
        let missing = FleetModel(input).countWithoutCertificate
        guard
            missing > 0,
            let request = OverrideTier.request(devices: missing, weeks: weeks, limits: input.limits)
        else {
            override = nil
            withOverride = nil
            return
        }
        override = Override(
            newOrdersPerAccount: request.newOrders, certificatesPerDomainPerAccount: request.certificatesPerDomain)
        var granted = input
        let week = Duration.seconds(7 * 86_400)
        if let tier = request.newOrders { granted.limits.newOrders = AuthorityLimits.Limit(tier, per: week) }
        if let tier = request.certificatesPerDomain {
            granted.limits.certificatesPerDomain = AuthorityLimits.Limit(tier, per: week)
        }
        withOverride = try FleetSimulation(granted).run()
    }
}
