import FoundationEssentials

/// A report as Markdown.
enum Markdown {
    static func text(_ report: Report) -> String {
        let machine = report.machine
        var lines = [
            "# Figures", "",
            "\(report.date.formatted(.iso8601)), \(machine.processors) × \(machine.processor), \(machine.memoryMiB) MiB, "
                + "\(machine.system), Linux \(machine.kernel); load average \(Figure.text(machine.loadAtStart)) before and "
                + "\(Figure.text(report.loadAtEnd)) after.", "", "```console", "$ \(report.command)", "```",
        ]
        if !machine.versions.isEmpty {
            lines += [
                "",
                machine.versions.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
                    + ".",
            ]
        }
        for measure in report.measures { lines += section(measure, report) }
        if !report.failures.isEmpty {
            lines += ["", "## Not measured", ""]
            lines += report.failures.map { "- \($0.measure.title): \($0.text.split(separator: "\n").first ?? "")" }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func section(_ measure: Measure, _ report: Report) -> [String] {
        let series = report.series.filter { $0.measure == measure }
        let hasScale = series.contains { $0.scale != nil }
        var lines = [
            "", "## \(measure.title)", "",
            "| Subject |\(hasScale ? " \(measure.scaleName) |" : "") What | Median | Least – most | Runs |",
            "|---|\(hasScale ? "--:|" : "")---|--:|--:|--:|",
        ]
        for entry in series {
            let scale = hasScale ? " \(entry.scale.map { Figure.text(Double($0)) } ?? "") |" : ""
            lines.append(
                "| \(entry.subject) |\(scale) \(entry.metric) | \(Figure.text(entry.median)) | "
                    + "\(Figure.text(entry.least)) – \(Figure.text(entry.most)) | \(entry.values.count) |")
        }
        let notes = report.notes.filter { $0.measure == measure }
        if !notes.isEmpty { lines.append("") }
        lines += notes.map { "- \($0.text)" }
        for chart in Chart.all(report) where chart.measure == measure {
            lines += ["", "![\(measure.title): \(chart.metric)](\(chart.fileName))"]
        }
        return lines
    }
}
