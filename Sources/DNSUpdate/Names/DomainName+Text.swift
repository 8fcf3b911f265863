import CLDNS

extension DomainName: CustomStringConvertible {
    /// Reads presentation format (RFC 1035 §5.1): escapes `\DDD` and `\X`, the trailing dot optional, "." is the root.
    ///
    /// A name is always absolute. What master files give another meaning (`@`, `"`, `;`, parentheses, white space) and
    /// every byte outside printable ASCII must be escaped, so that ldns reads what its caller wrote.
    package init(_ text: String) throws(DomainNameError) {
        try Self.validate(text)
        var name: UnsafeMutablePointer<ldns_rdf>?
        let status = ldns_str2rdf_dname(&name, text)
        defer { ldns_rdf_deep_free(name) }
        guard status == LDNS_STATUS_OK, let name, let data = ldns_rdf_data(name) else {
            throw Self.error(for: status, text: text)
        }
        wireBytes = Array(UnsafeBufferPointer(start: data, count: ldns_rdf_size(name)))
    }

    /// Presentation format without the trailing dot; the root is ".".
    package var description: String {
        isRoot ? "." : String(absoluteText.dropLast())
    }

    /// Presentation format with the trailing dot.
    package var absoluteText: String {
        guard !isRoot else { return "." }
        var text: [UInt8] = []
        text.reserveCapacity(wireBytes.count)
        for label in labels {
            for octet in label { Self.append(octet, to: &text) }
            text.append(UInt8(ascii: "."))
        }
        return String(decoding: text, as: UTF8.self)
    }

    // MARK: - Text that ldns may see

    /// Refuses everything that ldns, BIND's tools and a person could read differently.
    private static func validate(_ text: String) throws(DomainNameError) {
        guard !text.isEmpty else {
            throw DomainNameError(code: .empty, message: "the name is empty", hint: "give a domain name")
        }
        // Four characters (`\DDD`) are the most that one octet can take.
        guard text.utf8.count <= 4 * maximumWireLength else { throw .tooLong(text.utf8.count) }
        var octets = text.utf8.makeIterator()
        while let octet = octets.next() {
            guard octet.isPlainInNames || octet == UInt8(ascii: "\\") else { throw invalidCharacter(octet, in: text) }
            guard octet == UInt8(ascii: "\\") else { continue }
            guard let first = octets.next(), first > 0x20, first < 0x7F else { throw invalidEscape(in: text) }
            guard first.isDigit else { continue }
            guard let second = octets.next(), let third = octets.next(), second.isDigit, third.isDigit,
                first.digit * 100 + second.digit * 10 + third.digit <= 255
            else { throw invalidEscape(in: text) }
        }
    }

    private static func error(for status: ldns_status, text: String) -> DomainNameError {
        switch status {
        case LDNS_STATUS_LABEL_OVERFLOW: .invalidLabel(text, "a label is longer than 63 characters")
        case LDNS_STATUS_EMPTY_LABEL: .invalidLabel(text, "a label is empty")
        case LDNS_STATUS_DOMAINNAME_OVERFLOW:
            DomainNameError(
                code: .tooLong, message: "\(text.quotedForMessage) takes more than 255 octets",
                hint: "use a shorter name")
        default: .invalidLabel(text, String(cString: ldns_get_errorstr_by_id(status)))
        }
    }

    private static func invalidCharacter(_ octet: UInt8, in text: String) -> DomainNameError {
        let character =
            switch octet {
            case 0: "a NUL byte"
            case 0x20: "a space"
            case 0x21...0x7E: "\"\(Character(Unicode.Scalar(octet)))\""
            case 0x80...0xFF: "a character outside ASCII"
            default: "a control character"
            }
        return DomainNameError(
            code: .invalidCharacter, message: "\(text.quotedForMessage) is no domain name: it has \(character)",
            hint: octet >= 0x80
                ? "write an internationalised name in its ASCII form (xn--…)"
                : "use letters, digits and hyphens, separated by dots")
    }

    private static func invalidEscape(in text: String) -> DomainNameError {
        DomainNameError(
            code: .invalidEscape,
            message: "\(text.quotedForMessage) is no domain name: a backslash starts no valid escape",
            hint: "a backslash is followed by one character, or by three digits up to 255")
    }

    // MARK: - Text that others may read

    /// Escapes whatever BIND, ldns or a shell-minded reader could take for syntax.
    private static func append(_ octet: UInt8, to text: inout [UInt8]) {
        switch octet {
        case UInt8(ascii: "."), UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: ";"), UInt8(ascii: "("),
            UInt8(ascii: ")"), UInt8(ascii: "@"), UInt8(ascii: "$"):
            text += [UInt8(ascii: "\\"), octet]
        case 0x21...0x7E:
            text.append(octet)
        default:
            text.append(UInt8(ascii: "\\"))
            text += [octet / 100, octet / 10 % 10, octet % 10].map { UInt8(ascii: "0") + $0 }
        }
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }
    fileprivate var digit: Int { Int(self) - Int(UInt8(ascii: "0")) }

    /// Printable ASCII that has no meaning of its own in a master file.
    fileprivate var isPlainInNames: Bool {
        switch self {
        case UInt8(ascii: "@"), UInt8(ascii: "\""), UInt8(ascii: ";"), UInt8(ascii: "("), UInt8(ascii: ")"),
            UInt8(ascii: "$"), UInt8(ascii: "\\"):
            false
        default: self > 0x20 && self < 0x7F
        }
    }
}
