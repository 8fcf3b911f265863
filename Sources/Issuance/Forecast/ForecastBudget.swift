import FleetStore
import FoundationEssentials

/// Our own account of the CA's limits in a simulation: the arithmetic of ``IssuanceBudget``, in memory.
struct ForecastBudget {
    private static let account = "https://ca.example/acct/1"
    /// Buckets that have filled up again are forgotten this often, in seconds.
    private static let pruneInterval: TimeInterval = 86_400

    private let limits: IssuanceLimits
    private var buckets = RateLimitBuckets()
    private var lastPrune = Date.distantPast

    init(limits: AuthorityLimits, domains: RegisteredDomains) {
        self.limits = IssuanceLimits(directoryURL: "https://ca.example/directory", limits: limits, domains: domains)
    }

    /// Charges the order when it may be made now.
    mutating func admit(_ kind: OrderKind, name: @autoclosure () -> String, at now: Date) -> JobScheduler.Admission {
        guard kind != .replacement else { return .granted }
        if now.timeIntervalSince(lastPrune) > Self.pruneInterval {
            buckets.prune(at: now)
            lastPrune = now
        }
        switch buckets.take(limits.charges(for: [name()], kind, account: Self.account), at: now) {
        case .allowed: return .granted
        case .refused(let key, let until):
            switch IssuanceLimits.parts(ofKey: key)?.kind {
            case .newOrders, .certificatesPerDomain: return .shut(until: until)
            default: return .postponed(until: until)
            }
        }
    }
}
