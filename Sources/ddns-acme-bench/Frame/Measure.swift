/// What is measured.
enum Measure: String, CaseIterable, Codable, Sendable {
    case updates
    case latency
    case reconciliation = "reconcile"
    case checkIns = "check-ins"
    case startup
    case queries
    case forecast = "plan"
    case loneIssuance = "issue"
    case fleetIssuance = "fleet"
    case hotPaths = "hot"

    var title: String {
        switch self {
        case .updates: "DNS updates"
        case .latency: "Latency of a lone DNS update"
        case .reconciliation: "Comparing a zone with the store"
        case .checkIns: "Check-ins"
        case .startup: "Start-up and memory"
        case .queries: "Questions to the store"
        case .forecast: "A year forecast"
        case .loneIssuance: "One certificate"
        case .fleetIssuance: "Certificates for a fleet"
        case .hotPaths: "Hot paths, each time"
        }
    }

    /// What the scale of its figures counts.
    var scaleName: String {
        switch self {
        case .updates, .latency: "Changes"
        case .reconciliation, .checkIns, .startup, .queries, .forecast: "Devices"
        case .loneIssuance, .fleetIssuance: "Certificates"
        case .hotPaths: "Runs"
        }
    }

    func run(_ bench: Bench) async throws {
        switch self {
        case .updates: try await UpdateThroughput(bench).run()
        case .latency: try await UpdateLatency(bench).run()
        case .reconciliation: try await Reconciliation(bench).run()
        case .checkIns: try await CheckInLoad(bench).run()
        case .startup: try await Startup(bench).run()
        case .queries: try await StoreQueries(bench).run()
        case .forecast: try await YearForecast(bench).run()
        case .loneIssuance: try await LoneIssuance(bench).run()
        case .fleetIssuance: try await FleetIssuance(bench).run()
        case .hotPaths: try await HotPaths(bench).run()
        }
    }
}
