package import FoundationEssentials

/// What a forecast is made of.
package struct ForecastInput: Sendable {
    /// How the fleet is when the forecast begins.
    package enum Beginning: Sendable {
        /// So many devices without a certificate, all of which ask for one at once.
        case enrollment(devices: Int)
        /// The fleet as it is.
        case present([Present])
    }

    /// A device of the present fleet.
    package struct Present: Sendable, Hashable {
        package var zone: String
        package var tag: String?
        /// Its certificate's validity; nil without one.
        package var validity: Range<Date>?
        /// The instant planned for the renewal; nil: by the certificate's life.
        package var renewAt: Date?

        package init(zone: String, tag: String? = nil, validity: Range<Date>? = nil, renewAt: Date? = nil) {
            self.zone = zone
            self.tag = tag
            self.validity = validity
            self.renewAt = renewAt
        }
    }

    /// Something that happens to the fleet, in seconds after its beginning.
    package enum Incident: Sendable, Hashable {
        /// The CA answers nothing.
        case authorityDown(from: Int, seconds: Int)
        /// The CA moves all windows into the past, and revokes what is not replaced after `deadline` seconds.
        case massRevocation(at: Int, deadline: Int)
    }

    package var beginning: Beginning
    /// When it begins.
    package var start: Date
    /// How long certificates are valid, in seconds.
    package var lifetime: Int
    /// How far to look ahead, in seconds.
    package var horizon = 365 * 86_400
    package var incidents: [Incident] = []
    package var policy: SchedulingPolicy
    /// What the CA enforces.
    package var limits: AuthorityLimits
    /// What the CA counts together.
    package var domains = RegisteredDomains()
    /// Seconds from newOrder to the chain, on average.
    package var orderTime = 15.0
    /// The part of attempts that fail for a reason of the device's own.
    package var failureRate = 0.002
    /// Whether renewals are brought forward, out of the CA's windows, where they bunch.
    package var leavesWindows = false
    /// The part of the devices that goes first.
    package var canaryShare = 0.0
    package var seed: UInt64 = 1

    package init(
        beginning: Beginning, start: Date, lifetime: Int, policy: SchedulingPolicy = SchedulingPolicy(),
        limits: AuthorityLimits = .letsEncrypt
    ) {
        self.beginning = beginning
        self.start = start
        self.lifetime = lifetime
        self.policy = policy
        self.limits = limits
    }
}
