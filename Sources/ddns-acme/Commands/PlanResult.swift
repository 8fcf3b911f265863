import FoundationEssentials
import Issuance

/// What `plan` prints as JSON.
struct PlanResult: Encodable, Sendable {
    struct Limit: Encodable, Sendable {
        let count: Int
        let seconds: Int

        init?(_ limit: AuthorityLimits.Limit?) {
            guard let limit else { return nil }
            count = limit.count
            seconds = Int(limit.period.components.seconds)
        }
    }

    struct Limits: Encodable, Sendable {
        let newOrdersPerAccount: Limit?
        let certificatesPerDomain: Limit?
        let certificatesPerSet: Limit?
    }

    struct Override: Encodable, Sendable {
        let newOrdersPerAccountAWeek: Int?
        let certificatesPerDomainPerAccountAWeek: Int?
    }

    struct Hour: Encodable, Sendable {
        let start: Date
        let orders: Int

        init?(_ hour: ForecastReport.Hour?) {
            guard let hour else { return nil }
            start = hour.start
            orders = hour.orders
        }
    }

    struct Outcome: Encodable, Sendable {
        let enrolled: Int
        let enrolledAt: Date?
        let enrollmentExpectedAt: Date?
        let ordersADay: Double
        let firstCertificates: Int
        let renewals: Int
        let exemptRenewals: Int
        let broughtForward: Int
        let busiestFirstHour: Hour?
        let busiestRenewalHour: Hour?
        let busiestRenewalHourByCycle: [Int]
        let meanRenewalsAnHour: Double
        let hints: [String]
        let busiestMinute: Int
        let mostAtOnce: Int
        let expired: Int
        let hoursWithoutCertificate: Double
        let revokedInUse: Int
        let recallDoneAt: Date?
        let failedAttempts: Int
        let attemptsWhileDown: Int
        let limitsExceeded: Int
        let requests: [String: Int]

        init(_ report: ForecastReport) {
            enrolled = report.enrolled
            enrolledAt = report.enrolledAt
            enrollmentExpectedAt = report.expectedAt
            ordersADay = Self.rounded(report.ordersADay)
            firstCertificates = report.firstCertificates
            renewals = report.renewals
            exemptRenewals = report.replacements
            broughtForward = report.broughtForward
            busiestFirstHour = Hour(report.busiestFirst)
            busiestRenewalHour = Hour(report.busiestRenewal)
            busiestRenewalHourByCycle = report.busiestByCycle
            hints = report.bunches ? [RenewalCalendar.remedy] : []
            meanRenewalsAnHour = Self.rounded(report.meanRenewals)
            busiestMinute = report.busiestMinute
            mostAtOnce = report.mostAtOnce
            expired = report.expired
            hoursWithoutCertificate = Self.rounded(report.hoursWithout)
            revokedInUse = report.revokedInUse
            recallDoneAt = report.recallDoneAt
            failedAttempts = report.failedAttempts
            attemptsWhileDown = report.troubledAttempts
            limitsExceeded = report.limitsExceeded
            requests = Dictionary(uniqueKeysWithValues: report.requests.map { ($0.key.rawValue, $0.value) })
        }

        private static func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }
    }

    let devices: Int
    /// Which devices, for people.
    let fleet: String
    let from: Date
    let days: Int
    let lifetimeSeconds: Int
    let seed: UInt64
    let limits: Limits
    /// Whether renewals that bunch are brought forward, out of the CA's windows.
    let renewalsMayLeaveWindows: Bool
    let asItIs: Outcome
    let askFor: Override?
    let withOverride: Outcome?

    init(_ forecast: Forecast, input: ForecastInput, fleet: String) {
        devices = forecast.asItIs.devices
        self.fleet = fleet
        from = input.start
        days = input.horizon / 86_400
        lifetimeSeconds = input.lifetime
        seed = input.seed
        limits = Limits(
            newOrdersPerAccount: Limit(input.limits.newOrders),
            certificatesPerDomain: Limit(input.limits.certificatesPerDomain),
            certificatesPerSet: Limit(input.limits.certificatesPerSet))
        renewalsMayLeaveWindows = input.leavesWindows
        asItIs = Outcome(forecast.asItIs)
        askFor = forecast.override.map {
            Override(
                newOrdersPerAccountAWeek: $0.newOrdersPerAccount,
                certificatesPerDomainPerAccountAWeek: $0.certificatesPerDomainPerAccount)
        }
        withOverride = forecast.withOverride.map(Outcome.init)
    }
}
