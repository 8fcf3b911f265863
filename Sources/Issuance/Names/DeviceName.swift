package import DNSUpdate

/// The name of a device: a host name (RFC 1123 §2.1) below the apex of one of the configured zones, in lower case.
package struct DeviceName: Hashable, Sendable, CustomStringConvertible {
    /// Fully qualified, in lower case.
    package let domain: DomainName
    /// The zone that holds it: the longest configured suffix.
    package let zone: DomainName

    /// Octets that `_acme-challenge.` adds in front of a name on the wire.
    private static let challengePrefixLength = 16

    /// - Parameters:
    ///   - text: a label of the first zone (`dev1`), or a fully qualified name in any zone, trailing dot optional.
    ///   - zones: the configured zones; the first is the default.
    /// - Throws: `invalidName` or `nameInNoZone`.
    package init(_ text: String, zones: [DomainName]) throws(IssuanceError) {
        let labels = try Self.labels(of: text)
        guard let defaultZone = zones.first else {
            throw IssuanceError(
                .nameInNoZone, "no zone is configured", hints: ["add one under zones: in the configuration"])
        }
        if labels.count == 1, !text.hasSuffix(".") {
            let domain = Self.domain(labels.joined(separator: ".") + "." + defaultZone.absoluteText)
            guard let domain else { throw Self.tooLong(text) }
            self.domain = domain.canonical
            zone = defaultZone.canonical
        } else {
            guard let domain = Self.domain(labels.joined(separator: ".")) else { throw Self.tooLong(text) }
            let holders = zones.filter { domain.isEqualOrBelow($0) }
            guard let holder = holders.max(by: { $0.labelCount < $1.labelCount }) else {
                let known = zones.map(\.description).joined(separator: ", ")
                throw IssuanceError(
                    .nameInNoZone, "\(Self.quoted(text)) is in none of the configured zones (\(known))",
                    hints: ["give a label alone, such as \(labels[0]), or a name that ends in one of the zones"])
            }
            guard domain != holder else {
                throw IssuanceError(
                    .invalidName, "\(Self.quoted(text)) is the apex of the zone, not a device in it",
                    hints: ["give a name below it, such as dev1.\(holder)"])
            }
            self.domain = domain.canonical
            zone = holder.canonical
        }
        guard domain.wireBytes.count + Self.challengePrefixLength <= 255 else { throw Self.tooLong(text) }
    }

    package var description: String { domain.description }

    /// Where the CA looks for the challenge (RFC 8555 §8.4).
    package var challengeDomain: DomainName {
        get throws(IssuanceError) {
            guard let name = try? domain.prepending(label: "_acme-challenge") else { throw Self.tooLong(description) }
            return name
        }
    }

    // MARK: - Parsing

    /// The labels of a host name in lower case: letters, digits and hyphens only, since `check-names` of BIND refuses
    /// addresses at anything else and a CA would not certify it.
    private static func labels(of text: String) throws(IssuanceError) -> [String] {
        func invalid(_ reason: String, _ hint: String) -> IssuanceError {
            IssuanceError(.invalidName, "\(quoted(text)) is not a device name: \(reason)", hints: [hint])
        }
        let allowed = "a device name is made of letters, digits and hyphens, for example dev1"
        var body = Substring(text)
        if body.hasSuffix(".") { body.removeLast() }
        guard !body.isEmpty else { throw invalid("it is empty", allowed) }
        guard body.utf8.count <= 253 else { throw tooLong(text) }
        if body.unicodeScalars.contains(where: { !$0.isASCII }) {
            throw invalid(
                "it has a character outside ASCII",
                "give an internationalised name in its A-label form (xn--…, RFC 5890)")
        }
        if body.contains("*") { throw invalid("it has a wildcard", "give the name without it and add --wildcard") }
        var labels = [String]()
        for label in body.split(separator: ".", omittingEmptySubsequences: false) {
            if label.isEmpty { throw invalid("it has an empty label", allowed) }
            if label.utf8.count > 63 { throw invalid("a label is longer than 63 octets (RFC 1035 §2.3.4)", allowed) }
            if let strange = label.unicodeScalars.first(where: { !Self.isHostNameScalar($0) }) {
                throw invalid(
                    "\(quoted(String(Character(strange)))) may not be in a host name (RFC 1123 §2.1)", allowed)
            }
            if label.hasPrefix("-") || label.hasSuffix("-") {
                throw invalid("a label begins or ends with a hyphen (RFC 1123 §2.1)", allowed)
            }
            labels.append(label.lowercased())
        }
        return labels
    }

    private static func isHostNameScalar(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "-": true
        default: false
        }
    }

    private static func domain(_ text: String) -> DomainName? { try? DomainName(text) }

    private static func tooLong(_ text: String) -> IssuanceError {
        IssuanceError(
            .invalidName,
            "\(quoted(text)) is too long: with _acme-challenge. in front of it a name has 255 octets at most (RFC 1035 §2.3.4)",
            hints: ["choose a shorter name"])
    }

    /// Outside text for a message: control characters shown, length bounded.
    package static func quoted(_ text: String) -> String {
        var shown = "\""
        for scalar in text.unicodeScalars.prefix(80) {
            shown +=
                scalar.value < 0x20 || scalar.value == 0x7F ? scalar.escaped(asASCII: true) : String(Character(scalar))
        }
        return shown + (text.unicodeScalars.count > 80 ? "…\"" : "\"")
    }
}
