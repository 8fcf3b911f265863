package import FoundationEssentials

/// What a forecast came to.
package struct ForecastReport: Sendable {
    /// The hour with the most orders.
    package struct Hour: Sendable, Hashable {
        package let start: Date
        package let orders: Int
    }

    package let devices: Int
    package let start: Date
    package let end: Date

    /// Devices that had a certificate at some time.
    package internal(set) var enrolled = 0
    /// When the last device had its first certificate; nil: not before the end.
    package internal(set) var enrolledAt: Date?
    /// When it would have it at the pace of the last quarter of the time; nil: never, or it has.
    package internal(set) var expectedAt: Date?

    package internal(set) var firstCertificates = 0
    package internal(set) var renewals = 0
    /// Renewals that no limit counts (ARI, RFC 9773 §5).
    package internal(set) var replacements = 0
    /// Renewals that were brought forward so that they do not bunch.
    package internal(set) var broughtForward = 0
    /// Attempts that failed for a reason of the device's own, and those that met a CA in trouble.
    package internal(set) var failedAttempts = 0
    package internal(set) var troubledAttempts = 0

    /// Certificates that ended before their successor was there.
    package internal(set) var expired = 0
    /// For how long devices were without a valid certificate by that, in hours altogether.
    package internal(set) var hoursWithout = 0.0
    /// Recalled certificates that were still in use when the CA revoked them.
    package internal(set) var revokedInUse = 0
    /// When the last recalled certificate was replaced; nil: there was no recall, or it was not.
    package internal(set) var recallDoneAt: Date?
    /// Orders that the CA refused because of a limit.
    package internal(set) var limitsExceeded = 0

    /// The busiest hours of first certificates and of renewals.
    package internal(set) var busiestFirst: Hour?
    package internal(set) var busiestRenewal: Hour?
    /// The most renewals in an hour of each cycle: around the first renewals of what was issued at the beginning, around
    /// their second ones, …. After a mass revocation, the last one if there are several, the first of the list is its own.
    package internal(set) var busiestByCycle: [Int] = []
    /// Renewals an hour, from the first renewal to the end.
    package internal(set) var meanRenewals = 0.0
    /// The most orders that were begun in a minute, and that were under way at a time.
    package internal(set) var busiestMinute = 0
    package internal(set) var mostAtOnce = 0
    /// Requests to the CA by kind.
    package internal(set) var requests: [RequestKind: Int] = [:]

    /// Whether the list of cycles begins with a mass revocation.
    var hasRecall = false

    init(devices: Int, start: Date, end: Date) {
        self.devices = devices
        self.start = start
        self.end = end
    }

    /// Whether some hour has so many more than the mean that something should be done about it. A revocation's own has not.
    package var bunches: Bool {
        busiestByCycle.dropFirst(hasRecall ? 1 : 0).contains { RenewalCalendar.isTooMuch($0, mean: meanRenewals) }
    }

    /// Orders a day on average.
    package var ordersADay: Double {
        Double(firstCertificates + renewals) / (end.timeIntervalSince(start) / 86_400)
    }

    /// A kind of request to the CA.
    package enum RequestKind: String, Sendable, CaseIterable {
        case newOrder
        case authorization
        case challenge
        case finalize
        case orderStatus
        case certificate
        case renewalInfo

        /// How many of the kind an order takes, with one name and a CA that answers at the second look.
        var perOrder: Int {
            switch self {
            case .newOrder, .challenge, .finalize, .certificate: 1
            case .authorization, .orderStatus: 2
            case .renewalInfo: 0
            }
        }
    }
}
