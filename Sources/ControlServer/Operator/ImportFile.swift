import FleetAPI
import FoundationEssentials

/// Reads a fleet from CSV (RFC 4180, with a header line) or JSON Lines.
enum ImportFile {
    struct Line: Sendable {
        /// Counted from 1.
        let number: Int
        let device: Result<DeviceCreation, APIProblem>
    }

    /// - Throws: `malformed`, `unsupported-media-type`; what is wrong with one line is in that line.
    static func read(_ body: [UInt8], contentType: String?) throws(APIProblem) -> [Line] {
        guard let text = String(validating: body, as: UTF8.self) else {
            throw APIProblem(.malformed, "the file is not UTF-8")
        }
        switch contentType {
        case MediaType.csv: return try csv(text)
        case MediaType.jsonLines, "application/x-ndjson": return jsonLines(text)
        default:
            throw APIProblem(
                .unsupportedMediaType, "the file is neither \(MediaType.csv) nor \(MediaType.jsonLines)",
                hint: "send Content-Type: \(MediaType.csv) or \(MediaType.jsonLines)")
        }
    }

    private static func jsonLines(_ text: String) -> [Line] {
        var lines: [Line] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.allSatisfy(\.isWhitespace) { continue }
            let device = Result { try JSONDecoder().decode(DeviceCreation.self, from: Data(line.utf8)) }
                .mapError { _ in APIProblem(.malformed, "the line is not the JSON object of a device") }
            lines.append(Line(number: index + 1, device: device))
        }
        return lines
    }

    // MARK: - CSV

    private static let columns = ["name", "description", "tags", "addresses"]

    private static func csv(_ text: String) throws(APIProblem) -> [Line] {
        let records = try records(text)
        guard let header = records.first else { return [] }
        let names = header.fields.map { $0.lowercased() }
        guard names.contains("name"), names.allSatisfy(columns.contains), Set(names).count == names.count else {
            throw APIProblem(
                .malformed, "the first line does not name the columns",
                hint: "the columns are \(columns.joined(separator: ", ")), of which only name is needed")
        }
        return records.dropFirst().map { record in
            guard record.fields.count == names.count else {
                let problem = APIProblem(.malformed, "there are \(record.fields.count) fields, not \(names.count)")
                return Line(number: record.line, device: .failure(problem))
            }
            let values = Dictionary(uniqueKeysWithValues: zip(names, record.fields))
            return Line(
                number: record.line,
                device: .success(
                    DeviceCreation(
                        name: values["name"], description: values["description"], tags: values["tags"].map(words),
                        addresses: values["addresses"].map(words))))
        }
    }

    /// Several values in one field: separated by spaces or semicolons.
    private static func words(_ field: String) -> [String] {
        field.split { $0 == " " || $0 == ";" }.map(String.init)
    }

    private static func records(_ text: String) throws(APIProblem) -> [(line: Int, fields: [String])] {
        var records: [(Int, [String])] = []
        var fields: [String] = []
        var field = ""
        var (line, start) = (1, 1)
        var isQuoted = false
        var rest = text.unicodeScalars[...]
        if rest.first == "\u{FEFF}" { rest.removeFirst() }
        func endField() {
            fields.append(field)
            field = ""
        }
        func endRecord() {
            endField()
            if fields != [""] { records.append((start, fields)) }
            fields = []
            start = line
        }
        while let scalar = rest.popFirst() {
            if scalar == "\n" { line += 1 }
            switch (scalar, isQuoted) {
            case ("\"", true) where rest.first == "\"":
                field.unicodeScalars.append(scalar)
                rest.removeFirst()
            case ("\"", true): isQuoted = false
            case ("\"", false) where field.isEmpty: isQuoted = true
            case (",", false): endField()
            case ("\r", false) where rest.first == "\n": break
            case ("\n", false): endRecord()
            default: field.unicodeScalars.append(scalar)
            }
        }
        guard !isQuoted else {
            throw APIProblem(.malformed, "a quoted field that begins in line \(start) does not end")
        }
        if !fields.isEmpty || !field.isEmpty { endRecord() }
        return records
    }
}
