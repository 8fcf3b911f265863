import Glibc

/// A curve for each subject over the scale, both axes logarithmic, as SVG.
struct Chart {
    private static let colors = ["#0b62a4", "#c2410c", "#15803d", "#7c3aed", "#b91c1c", "#525252", "#a16207"]
    private static let plot = (left: 80.0, top: 40.0, width: 520.0, height: 300.0)

    let measure: Measure
    let metric: String
    let series: [Series]

    /// One for each metric that was taken of some subject at two scales at least.
    static func all(_ report: Report) -> [Chart] {
        var charts: [Chart] = []
        for measure in report.measures {
            let series = report.series.filter { $0.measure == measure && $0.scale != nil && $0.median > 0 }
            var metrics: [String] = []
            for entry in series where !metrics.contains(entry.metric) { metrics.append(entry.metric) }
            for metric in metrics {
                let entries = series.filter { $0.metric == metric }
                let isCurve = Dictionary(grouping: entries, by: \.subject).values.contains { $0.count > 1 }
                guard isCurve else { continue }
                charts.append(Chart(measure: measure, metric: metric, series: entries))
            }
        }
        return charts
    }

    var fileName: String {
        let words = metric.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
        return "\(measure.rawValue)-\(String(words)).svg"
    }

    var svg: String {
        let plot = Self.plot
        let horizontal = Axis(series.compactMap { $0.scale.map(Double.init) })
        let vertical = Axis(series.flatMap { [$0.least, $0.most] }.filter { $0 > 0 })
        func x(_ value: Double) -> Double { plot.left + horizontal.position(value) * plot.width }
        func y(_ value: Double) -> Double { plot.top + (1 - vertical.position(value)) * plot.height }
        var subjects: [String] = []
        for entry in series where !subjects.contains(entry.subject) { subjects.append(entry.subject) }
        let height = Int(plot.top + plot.height) + 60 + 18 * subjects.count
        var parts = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 640 \(height)\" font-family=\"sans-serif\" font-size=\"12\">",
            "<rect width=\"640\" height=\"\(height)\" fill=\"#ffffff\"/>",
            "<text x=\"\(plot.left)\" y=\"22\" font-size=\"15\">\(Self.escape("\(measure.title): \(metric)"))</text>",
        ]
        for tick in horizontal.ticks {
            parts.append(Self.line(x(tick), plot.top, x(tick), plot.top + plot.height, "#dddddd"))
            parts.append(Self.label(Figure.text(tick), x(tick), plot.top + plot.height + 18, "middle"))
        }
        for tick in vertical.ticks {
            parts.append(Self.line(plot.left, y(tick), plot.left + plot.width, y(tick), "#dddddd"))
            parts.append(Self.label(Figure.text(tick), plot.left - 8, y(tick) + 4, "end"))
        }
        parts.append(
            Self.label(measure.scaleName, plot.left + plot.width / 2, plot.top + plot.height + 38, "middle"))
        for (index, subject) in subjects.enumerated() {
            let color = Self.colors[index % Self.colors.count]
            let entries = series.filter { $0.subject == subject }.sorted { ($0.scale ?? 0) < ($1.scale ?? 0) }
            let points = entries.map { (x(Double($0.scale ?? 1)), y($0.median)) }
            let path = points.map { "\(Self.number($0.0)),\(Self.number($0.1))" }.joined(separator: " ")
            parts.append("<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(color)\" stroke-width=\"2\"/>")
            for (entry, point) in zip(entries, points) {
                parts.append(
                    "<circle cx=\"\(Self.number(point.0))\" cy=\"\(Self.number(point.1))\" r=\"3\" fill=\"\(color)\"/>")
                if entry.least > 0 { parts.append(Self.line(point.0, y(entry.least), point.0, y(entry.most), color)) }
            }
            let row = plot.top + plot.height + 56 + 18 * Double(index)
            parts.append(Self.line(plot.left, row - 4, plot.left + 24, row - 4, color))
            parts.append(Self.label(subject, plot.left + 32, row, "start"))
        }
        return (parts + ["</svg>"]).joined(separator: "\n") + "\n"
    }

    /// A logarithmic axis over whole decades.
    private struct Axis {
        let low: Int
        let high: Int

        init(_ values: [Double]) {
            low = Int(floor(log10(values.min() ?? 1)))
            high = max(Int(ceil(log10(values.max() ?? 1))), low + 1)
        }

        func position(_ value: Double) -> Double { (log10(value) - Double(low)) / Double(high - low) }
        var ticks: [Double] { (low...high).map { pow(10, Double($0)) } }
    }

    private static func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ color: String) -> String {
        "<line x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\" y2=\"\(number(y2))\" stroke=\"\(color)\"/>"
    }

    private static func label(_ text: String, _ x: Double, _ y: Double, _ anchor: String) -> String {
        "<text x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor)\">\(escape(text))</text>"
    }

    private static func number(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }

    private static func escape(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
