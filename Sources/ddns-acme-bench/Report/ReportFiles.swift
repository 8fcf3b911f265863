import FoundationEssentials

/// Writes a report as files.
enum ReportFiles {
    /// `report.json`, `report.md` and a picture of each curve, in the folder, which is made if need be.
    static func write(_ report: Report, to folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        try encoder.encode(report).write(to: URL(filePath: "\(folder)/report.json"))
        try Data(Markdown.text(report).utf8).write(to: URL(filePath: "\(folder)/report.md"))
        for chart in Chart.all(report) {
            try Data(chart.svg.utf8).write(to: URL(filePath: "\(folder)/\(chart.fileName)"))
        }
    }
}
