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
        case MediaType.csv, MediaType.jsonLines, "application/x-ndjson":
            guard !text.allSatisfy(\.isWhitespace) else {
                throw APIProblem(
                    .malformed, "the file is empty", hint: "a CSV file begins with a line that names its columns")
            }
            return contentType == MediaType.csv ? try csv(text) : jsonLines(text)
        default:
            throw APIProblem(
                .unsupportedMediaType, "the file is neither \(MediaType.csv) nor \(MediaType.jsonLines)",
                hint: "send Content-Type: \(MediaType.csv) or \(MediaType.jsonLines)")
        }
    }

    private static func jsonLines(_ text: String) -> [Line] {
        var lines: [Line] = []
        // Octets: "\r\n" is one Character, which "\n" does not separate.
        for (index, octets) in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .enumerated()
        {
            let line = Substring(octets)
            if line.allSatisfy(\.isWhitespace) { continue }
            let device = Result {
                if let name = RepeatedMembers.first(in: Array(line.utf8)) {
                    throw APIProblem(.malformed, "the line has the member \(quoted(name)) twice")
                }
                return try JSONDecoder().decode(StrictCreation.self, from: Data(line.utf8)).creation
            }
            .mapError { error in
                error as? APIProblem ?? APIProblem(.malformed, explanation(of: error), hint: memberHint)
            }
            lines.append(Line(number: index + 1, device: device))
        }
        return lines
    }

    private static let memberHint =
        "a line is an object such as {\"name\":\"dev1\",\"tags\":[\"north\"],\"addresses\":[]}"

    /// A member that is misspelt would be lost in silence.
    private struct StrictCreation: Decodable {
        let creation: DeviceCreation

        private struct AnyKey: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        init(from decoder: any Decoder) throws {
            let members = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue).sorted()
            if let strange = members.first(where: { !columns.contains($0) }) {
                throw APIProblem(
                    .malformed, "a device has no member \(quoted(strange))",
                    hint: "the members are \(columns.joined(separator: ", "))")
            }
            creation = try DeviceCreation(from: decoder)
        }
    }

    private static func explanation(of error: any Error) -> String {
        guard case .typeMismatch(let type, let context)? = error as? DecodingError, let key = context.codingPath.first
        else { return "the line is not the JSON object of a device" }
        let wanted = type == String.self ? "a string" : "a list of strings"
        return "\(key.stringValue) is not \(wanted)"
    }

    private static func quoted(_ text: String) -> String { text.prefix(64).debugDescription }

    // MARK: - CSV

    private static let columns = ["name", "description", "tags", "addresses"]

    private static func csv(_ text: String) throws(APIProblem) -> [Line] {
        let records = try records(text)
        guard let header = records.first else { return [] }
        let names = header.fields.map { $0.lowercased() }
        let hint = "the columns are \(columns.joined(separator: ", ")), of which only name is needed"
        if let strange = names.first(where: { !columns.contains($0) }) {
            throw APIProblem(
                .malformed, "the first line names a column \(quoted(strange)) that there is not", hint: hint)
        }
        guard names.contains("name"), Set(names).count == names.count else {
            let reason = names.contains("name") ? "names a column twice" : "does not name the column name"
            throw APIProblem(.malformed, "the first line \(reason)", hint: hint)
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
