import Yams

/// One mapping of the file: knows its keys, complains of all others, and lends each value to a converter.
struct Section {
    /// Where it is, such as `zones[0]`; empty for the whole file.
    let path: String
    let findings: Findings
    private let mark: Mark?
    private var values: [String: (key: Node, value: Node)] = [:]

    /// - Parameter accepts: every key the section may have.
    init?(_ node: Node, path: String, accepts: [String], findings: Findings) {
        guard case .mapping(let mapping) = node else {
            findings.add(
                ConfigurationComplaint(
                    "this is \(Self.kind(node)), not a section",
                    hint: "write lines of `key: value` with the keys \(listed(accepts))"),
                key: path, at: node.mark)
            return nil
        }
        self.path = path
        self.findings = findings
        self.mark = mapping.mark
        for (key, value) in mapping {
            guard case .scalar(let name) = key else {
                findings.add(
                    ConfigurationComplaint("a key must be a word", hint: "the keys are \(listed(accepts))"),
                    key: path, at: key.mark)
                continue
            }
            guard accepts.contains(name.string) else {
                findings.add(
                    KeySuggestion.complaint(unknown: name.string, accepts), key: pathTo(name.string), at: key.mark)
                continue
            }
            values[name.string] = (key, value)
        }
    }

    /// Whether the key is there.
    func has(_ key: String) -> Bool { values[key] != nil }

    /// The value of a key, converted; nil when it is missing or was complained of.
    func value<Value>(_ key: String, _ convert: (String) throws(ConfigurationComplaint) -> Value) -> Value? {
        guard let node = values[key]?.value else { return nil }
        return Self.scalar(node, path: pathTo(key), findings, convert)
    }

    /// As ``value(_:_:)``, complaining when the key is missing.
    func required<Value>(
        _ key: String, hint: String, _ convert: (String) throws(ConfigurationComplaint) -> Value
    ) -> Value? {
        if !has(key) { complainMissing(key, hint: hint) }
        return value(key, convert)
    }

    /// The values of a list, converted; nil when the key is missing. What cannot be converted is complained of.
    func list<Value>(_ key: String, _ convert: (String) throws(ConfigurationComplaint) -> Value) -> [Value]? {
        nodes(key)?.enumerated().compactMap { index, node in
            Self.scalar(node, path: "\(pathTo(key))[\(index)]", findings, convert)
        }
    }

    /// One value, or a list of some; complains when there is none.
    func oneOrMore<Value>(
        _ key: String, hint: String, _ convert: (String) throws(ConfigurationComplaint) -> Value
    ) -> [Value]? {
        guard case .sequence(let items) = node(key) else { return required(key, hint: hint, convert).map { [$0] } }
        if items.isEmpty { complain(about: key, ConfigurationComplaint("the list is empty", hint: hint)) }
        return list(key, convert)
    }

    /// The nodes of a list; nil when the key is missing, empty when it is no list.
    func nodes(_ key: String) -> [Node]? {
        guard let node = values[key]?.value else { return nil }
        guard case .sequence(let sequence) = node else {
            complain(
                about: key,
                ConfigurationComplaint(
                    "this is \(Self.kind(node)), not a list", hint: "write [a, b], or one line of `- a` for each"))
            return []
        }
        return Array(sequence)
    }

    /// The node of a key, whatever it is.
    func node(_ key: String) -> Node? { values[key]?.value }

    /// A section inside this one; nil when it is missing or is none.
    func section(_ key: String, accepts: [String]) -> Section? {
        guard let node = values[key]?.value else { return nil }
        return Section(node, path: pathTo(key), accepts: accepts, findings: findings)
    }

    func complainMissing(_ key: String, hint: String) {
        findings.add(ConfigurationComplaint("the key is missing", hint: hint), key: pathTo(key), at: mark)
    }

    func complain(about key: String, _ complaint: ConfigurationComplaint) {
        findings.add(complaint, key: pathTo(key), at: values[key]?.value.mark ?? mark)
    }

    func pathTo(_ key: String) -> String { path.isEmpty ? shown(key) : "\(path).\(shown(key))" }

    // MARK: Values

    private static func scalar<Value>(
        _ node: Node, path: String, _ findings: Findings, _ convert: (String) throws(ConfigurationComplaint) -> Value
    ) -> Value? {
        do throws(ConfigurationComplaint) {
            guard case .scalar(let scalar) = node, !isNull(scalar) else {
                throw ConfigurationComplaint("this is \(kind(node)), not a single value", hint: "write one value")
            }
            return try convert(scalar.string)
        } catch {
            findings.add(error, key: path, at: node.mark)
            return nil
        }
    }

    private static func kind(_ node: Node) -> String {
        switch node {
        case .mapping: "a section"
        case .sequence: "a list"
        case .scalar(let scalar) where isNull(scalar): "empty"
        case .scalar: "a single value"
        case .alias: "an alias"
        }
    }

    /// YAML 1.2 §10.3.2: an unquoted nothing, `~` or `null` is no value.
    private static func isNull(_ scalar: Node.Scalar) -> Bool {
        scalar.style == .plain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }
}

/// A key as it can stand in a message.
private func shown(_ key: String) -> String {
    let isPlain = !key.isEmpty && key.count <= 40 && key.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    return isPlain ? key : quoted(key)
}

/// Words as a sentence has them.
func listed(_ words: [String]) -> String {
    guard let last = words.last, words.count > 1 else { return words.first ?? "" }
    return words.dropLast().joined(separator: ", ") + " and " + last
}
