/// The figures of one subject at one scale.
struct Series: Codable, Sendable {
    let measure: Measure
    let subject: String
    /// With its unit.
    let metric: String
    /// Changes, devices or certificates; nil where there is nothing to vary.
    let scale: Int?
    var values: [Double]

    var median: Double { Figure.quantile(values, 0.5) }
    var least: Double { values.min() ?? 0 }
    var most: Double { values.max() ?? 0 }

    private enum CodingKeys: String, CodingKey {
        case measure, subject, metric, scale, median, least, most, values
    }

    init(measure: Measure, subject: String, metric: String, scale: Int?, values: [Double]) {
        self.measure = measure
        self.subject = subject
        self.metric = metric
        self.scale = scale
        self.values = values
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        measure = try container.decode(Measure.self, forKey: .measure)
        subject = try container.decode(String.self, forKey: .subject)
        metric = try container.decode(String.self, forKey: .metric)
        scale = try container.decodeIfPresent(Int.self, forKey: .scale)
        values = try container.decode([Double].self, forKey: .values)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(measure, forKey: .measure)
        try container.encode(subject, forKey: .subject)
        try container.encode(metric, forKey: .metric)
        try container.encodeIfPresent(scale, forKey: .scale)
        try container.encode(median, forKey: .median)
        try container.encode(least, forKey: .least)
        try container.encode(most, forKey: .most)
        try container.encode(values, forKey: .values)
    }
}
