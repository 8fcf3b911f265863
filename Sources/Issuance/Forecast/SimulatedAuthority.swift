/// A CA that counts on its own what it is asked for: whether the limiter keeps within the limits is seen here, not there.
/// Token buckets, as the CA's documentation describes them; times in seconds.
struct SimulatedAuthority {
    private struct Bucket {
        let count: Double
        let period: Double
        var tokens: Double
        var since = 0

        init(_ limit: AuthorityLimits.Limit) {
            count = Double(limit.count)
            period = limit.period.seconds
            tokens = count
        }

        mutating func take(at now: Int) -> Bool {
            tokens = min(count, tokens + Double(now - since) * count / period)
            since = now
            guard tokens >= 1 - 1e-6 else { return false }
            tokens -= 1
            return true
        }
    }

    private var orders: Bucket?
    private var domains: [Bucket]
    private let exactSet: (count: Int, period: Int)?
    /// For each device's set of names, when its bucket will be full.
    private var exactSets: [Int32]
    /// Orders that were over a limit.
    private(set) var exceeded = 0

    init(limits: AuthorityLimits, domains: Int, devices: Int) {
        orders = limits.newOrders.map(Bucket.init)
        self.domains = limits.certificatesPerDomain.map { [Bucket](repeating: Bucket($0), count: domains) } ?? []
        exactSet = limits.certificatesPerSet.map { ($0.count, Int($0.period.seconds)) }
        exactSets = [Int32](repeating: 0, count: exactSet == nil ? 0 : devices)
    }

    /// - Returns: whether the CA takes the order.
    mutating func order(_ kind: OrderKind, device: Int, domain: Int, at now: Int) -> Bool {
        guard kind != .replacement else { return true }
        var isWithin = takeExactSet(device, at: now)
        if kind == .first {
            if orders != nil { isWithin = orders?.take(at: now) == true && isWithin }
            if !domains.isEmpty { isWithin = domains[domain].take(at: now) && isWithin }
        }
        if !isWithin { exceeded += 1 }
        return isWithin
    }

    private mutating func takeExactSet(_ device: Int, at now: Int) -> Bool {
        guard let exactSet else { return true }
        let full = max(Int(exactSets[device]), now) + exactSet.period / exactSet.count
        guard full - now <= exactSet.period else { return false }
        exactSets[device] = Int32(clamping: full)
        return true
    }
}
