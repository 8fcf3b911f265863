/// Numbers, for people.
enum Figure {
    /// Three significant digits, thousands separated by commas.
    static func text(_ value: Double) -> String {
        guard value.isFinite else { return "–" }
        let size = value.magnitude
        let decimals = size >= 100 || size == size.rounded() ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3
        var factor = 1.0
        for _ in 0..<decimals { factor *= 10 }
        let scaled = Int64((size * factor).rounded())
        let whole = String(scaled / Int64(factor))
        var grouped = ""
        for (index, digit) in whole.enumerated() {
            if index > 0, (whole.count - index) % 3 == 0 { grouped += "," }
            grouped.append(digit)
        }
        var fraction = ""
        if decimals > 0 {
            let digits = String(scaled % Int64(factor))
            fraction = "." + String(repeating: "0", count: decimals - digits.count) + digits
        }
        return (value < 0 ? "-" : "") + grouped + fraction
    }

    /// The value below which that share of the values lies, interpolated.
    static func quantile(_ values: [Double], _ share: Double) -> Double {
        guard !values.isEmpty else { return .nan }
        let sorted = values.sorted()
        let position = share * Double(sorted.count - 1)
        let lower = Int(position)
        let upper = min(lower + 1, sorted.count - 1)
        return sorted[lower] + (sorted[upper] - sorted[lower]) * (position - Double(lower))
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
    var inMilliseconds: Double { inSeconds * 1_000 }
}
