import FoundationEssentials

/// All figures of a run, with what is needed to judge and to repeat them.
struct Report: Codable, Sendable {
    struct Note: Codable, Hashable, Sendable {
        let measure: Measure
        let text: String
    }

    let command: String
    let date: Date
    let machine: Machine
    let loadAtEnd: Double
    let series: [Series]
    let notes: [Note]
    let failures: [Note]

    /// Measures in the order in which they were made.
    var measures: [Measure] {
        Measure.allCases.filter { measure in series.contains { $0.measure == measure } }
    }
}
