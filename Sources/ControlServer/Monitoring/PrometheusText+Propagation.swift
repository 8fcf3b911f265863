import DNSUpdate

extension PrometheusText {
    /// The name servers that challenges wait for. What has no sample lags for nobody.
    mutating func write(_ laggards: [PropagationWatch.Laggard]) {
        let samples = laggards.map { laggard in
            (
                labels: [("zone", laggard.zone.description), ("server", laggard.server.description)],
                waiting: Double(laggard.waiting), lag: laggard.lag / .seconds(1)
            )
        }.sorted { $0.labels.map(\.1).lexicographicallyPrecedes($1.labels.map(\.1)) }
        let waiting = "ddns_acme_propagation_waiting"
        family(waiting, .gauge, "Challenges that wait for a name server to reach the serial that has them.")
        for item in samples { sample(waiting, item.labels, item.waiting) }
        let lag = "ddns_acme_propagation_lag_seconds"
        family(lag, .gauge, "For how long one of them has waited for that server.")
        for item in samples { sample(lag, item.labels, item.lag) }
    }
}
