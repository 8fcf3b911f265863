/// What is measured.
enum Measure: String, CaseIterable, Codable, Sendable {
    case updates
    case latency

    var title: String {
        switch self {
        case .updates: "DNS updates"
        case .latency: "Latency of a lone DNS update"
        }
    }

    /// What the scale of its figures counts.
    var scaleName: String {
        switch self {
        case .updates, .latency: "Changes"
        }
    }

    func run(_ bench: Bench) async throws {
        switch self {
        case .updates: try await UpdateThroughput(bench).run()
        case .latency: try await UpdateLatency(bench).run()
        }
    }
}
