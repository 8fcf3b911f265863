import ArgumentParser

/// How much is measured.
enum BenchSize: String, ExpressibleByArgument, CaseIterable, Sendable {
    /// Whether everything works; the figures mean little.
    case smoke
    /// Under five minutes.
    case quick
    /// Up to a million devices, in about an hour.
    case full

    /// How often each subject has its turn.
    var rounds: Int { pick(1, 3, 3) }
    /// Changes of a bulk update.
    var updates: [Int] { pick([1, 50], [1, 100, 1_000, 10_000], [1, 10, 100, 1_000, 10_000, 65_000]) }
    /// At most so many changes for what sends them one at a time, in each round.
    var singleUpdates: Int { pick(20, 300, 1_000) }
    /// From so many changes on, what sends them one at a time has one turn only, which takes a minute or more.
    var singleUpdatesOnce: Int { pick(.max, .max, 65_000) }
    /// Lone updates whose latency is taken.
    var loneUpdates: Int { pick(20, 200, 1_000) }
    /// Devices in the store.
    var fleets: [Int] { pick([100], [1_000, 65_000], [1_000, 65_000, 1_000_000]) }
    /// At most so many devices are published by a repair of the empty zone.
    var repairs: Int { pick(100, 65_000, 65_000) }
    /// How often each question is put to the store.
    var queries: Int { pick(3, 20, 50) }
    /// How long a server is put under load.
    var loadDuration: Duration { pick(.milliseconds(300), .milliseconds(1_500), .seconds(5)) }
    /// Lone certificates of each client.
    var loneCertificates: Int { pick(1, 2, 5) }
    /// Fleets that get certificates, one after another.
    var fleetRounds: Int { pick(1, 1, 2) }
    /// Certificates of a whole fleet.
    var fleetCertificates: Int { pick(4, 1_000, 1_000) }
    /// The same for peers that are much slower.
    var fleetPeerCertificates: Int { pick(4, 32, 1_000) }
    /// Orders at a time.
    var issuancesAtOnce: [Int] { pick([8], [128], [32, 128]) }
    /// Devices whose year is forecast.
    var forecasts: [Int] { pick([1_000], [65_000], [65_000, 1_000_000]) }
    /// How often a hot path is counted: the spread is small.
    var hotRounds: Int { pick(1, 1, 3) }
    /// Runs of a hot path whose instructions are counted.
    var hotIterations: Int { pick(20, 200, 400) }

    private func pick<Value>(_ smoke: Value, _ quick: Value, _ full: Value) -> Value {
        switch self {
        case .smoke: smoke
        case .quick: quick
        case .full: full
        }
    }
}
