import DNSUpdate

/// What a CAA RRset says about one CA (RFC 8659 §4, RFC 8657).
struct CAAPolicy: Sendable {
    /// Whoever asks for a certificate.
    struct Applicant: Sendable {
        /// The CA's names, from its directory (`caaIdentities`).
        let identities: [String]
        /// The account, when there is one.
        let accountURL: String?
        let method: String
    }

    /// The name that holds the records: the device's own or one above it.
    let owner: DomainName
    let records: [CAAData]

    private static let knownTags = [
        "issue", "issuewild", "iodef", "issuemail", "issuevmc", "contactemail", "contactphone",
    ]

    /// Why the records forbid it; nil when they do not.
    func objection(to applicant: Applicant, wildcard: Bool) -> String? {
        // RFC 8659 §4.1: a CA must not issue when it does not know a critical property.
        if let strange = records.first(where: { record in
            record.isCritical && !Self.knownTags.contains { record.hasTag($0) }
        }) {
            return "it has the critical property \(strange.tag), which CAs do not know"
        }
        // RFC 8659 §4.3: issuewild, where there is any, decides alone about wildcards and says nothing about other names.
        var relevant = records.filter { $0.hasTag("issuewild") }
        if !wildcard || relevant.isEmpty { relevant = records.filter { $0.hasTag("issue") } }
        guard !relevant.isEmpty else { return nil }
        let values = relevant.map(CAAIssueValue.init)
        let mine = values.filter { value in applicant.identities.contains { $0.lowercased() == value.issuer } }
        guard !mine.isEmpty else {
            let allowed = values.map { $0.issuer.isEmpty ? "nobody" : $0.issuer }.joined(separator: ", ")
            return "it lets \(allowed) issue, and this CA is \(applicant.identities.joined(separator: " or "))"
        }
        let objections = mine.map { $0.objection(to: applicant) }
        return objections.contains(nil) ? nil : objections.compactMap(\.self).first
    }
}

/// `issuer; parameter=value; …` (RFC 8659 §4.2).
struct CAAIssueValue: Sendable {
    /// In lower case; empty: nobody.
    let issuer: String
    private let parameters: [(name: String, value: String)]

    init(_ record: CAAData) {
        let parts = String(decoding: record.value, as: UTF8.self)
            .split(separator: ";", omittingEmptySubsequences: false).map { String($0).trimmed }
        issuer = parts.first?.lowercased() ?? ""
        parameters = parts.dropFirst().compactMap { part in
            guard let equals = part.firstIndex(of: "=") else { return nil }
            return (String(part[..<equals]).trimmed.lowercased(), String(part[part.index(after: equals)...]).trimmed)
        }
    }

    /// The restrictions of RFC 8657 §3 (`accounturi`) and §4 (`validationmethods`).
    func objection(to applicant: CAAPolicy.Applicant) -> String? {
        for parameter in parameters {
            switch parameter.name {
            case "accounturi" where parameter.value != applicant.accountURL:
                return
                    "it lets only account \(parameter.value) issue, and ours is \(applicant.accountURL ?? "not made yet")"
            case "validationmethods"
            where !parameter.value.split(separator: ",").contains { String($0).trimmed == applicant.method }:
                return "it allows only the validation methods \(parameter.value), and ours is \(applicant.method)"
            default: continue
            }
        }
        return nil
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = self[...]
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return String(text)
    }
}
