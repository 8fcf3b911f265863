/// Why a primary does not show what it acknowledged: NOERROR is not proof (DESIGN §6 rule 3).
package struct Shortfall: Sendable, Hashable, CustomStringConvertible {
    /// The kind of reason; compare with the static members.
    package struct Kind: Sendable, Hashable, CustomStringConvertible {
        private enum Value: String { case alias, unsigned, limited, ignored }
        private let value: Value
        /// The name has a CNAME, beside which nothing else can be; BIND ignores such additions (RFC 2136 §3.4.2.2).
        package static let alias = Kind(value: .alias)
        /// The zone is signed, and what is served does not have the change yet: with `inline-signing` it comes later, in
        /// a copy that is signed.
        package static let unsigned = Kind(value: .unsigned)
        /// There are others of the type, and no more are taken: a count in the policy (`TXT(2)`) does that in silence.
        package static let limited = Kind(value: .limited)
        /// The server did something else, or another client took it away again.
        package static let ignored = Kind(value: .ignored)
        package var description: String { value.rawValue }
    }

    package let kind: Kind
    /// What is missing, and what is there instead.
    package let summary: String
    package let remedy: String

    package var description: String { summary }

    /// Whether waiting may help.
    package var mayPass: Bool { kind == .unsigned }
}

extension AuthoritativeLookup {
    /// Reads back what a primary acknowledged; nil when it holds all of it.
    ///
    /// - Parameter wanted: records of the name; those of others may be there as well.
    package func shortfall(
        of wanted: [RecordData], at name: DomainName, zone: DomainName, on primary: DNSEndpoint, key: TSIGKey? = nil,
        cancellation: Cancellation = .obeyed
    ) async throws(LookupFailure) -> Shortfall? {
        var types: [RecordType] = []
        for data in wanted where !types.contains(data.type) { types.append(data.type) }
        for type in types {
            let answer = try await query(name, type, at: primary, key: key, cancellation: cancellation)
            if case .failed = answer.outcome { throw answer.failure }
            let found = try await shortfall(
                of: wanted.filter { $0.type == type }, in: answer, zone: zone, key: key, cancellation: cancellation)
            if let found { return found }
        }
        return nil
    }

    /// The same for an answer that is there already.
    ///
    /// - Parameter wanted: records of the type that was asked for, all added with one update.
    package func shortfall(
        of wanted: [RecordData], in answer: LookupAnswer, zone: DomainName, key: TSIGKey? = nil,
        cancellation: Cancellation = .obeyed
    ) async throws(LookupFailure) -> Shortfall? {
        let (type, name, primary) = (answer.question.type, answer.question.name, answer.server)
        // At the end of an alias the records would be another name's.
        if let target = answer.aliases.first { return .alias(type, at: name, to: target, on: primary) }
        let missing = wanted.count { !answer.records.contains($0) }
        guard missing > 0 else { return nil }
        var isLagging = false
        // An update is served as a whole or not yet: where some of it is, the rest does not lag.
        if missing == wanted.count {
            let keys = try await query(zone, .dnskey, at: primary, key: key, cancellation: cancellation)
            isLagging = !keys.records.isEmpty
        }
        return Shortfall(
            type, missing: missing, present: answer.records.count, at: name, on: primary, isLagging: isLagging)
    }
}

extension Shortfall {
    fileprivate static func alias(
        _ type: RecordType, at name: DomainName, to target: DomainName, on primary: DNSEndpoint
    ) -> Shortfall {
        Shortfall(
            kind: .alias,
            summary: "\(primary) acknowledged \(type) at \(name) and ignored it: "
                + "the name is an alias (CNAME) of \(target)",
            remedy: "remove the CNAME at \(name), or let it lead to a zone that is configured here")
    }

    fileprivate init(
        _ type: RecordType, missing: Int, present: Int, at name: DomainName, on primary: DNSEndpoint, isLagging: Bool
    ) {
        let what = "\(primary) acknowledged \(type) at \(name), but does not show \(missing) of the records"
        if isLagging {
            self.init(
                kind: .unsigned,
                summary: "\(what): the zone is signed, and the signed copy that it serves lags (inline-signing)",
                remedy: "on the primary: rndc signing -list and rndc sync for the zone; "
                    + "dnssec-policy with inline-signing no signs each update at once")
        } else if present > 0 {
            self.init(
                kind: .limited,
                summary: "\(what), only \(present) of that type",
                remedy: "does update-policy count records, such as \(type)(\(present))? "
                    + "BIND drops what exceeds it in silence; raise the count or remove it")
        } else {
            self.init(
                kind: .ignored, summary: "\(what), none of that type",
                remedy:
                    "does another client change the name, or is this a secondary that forwards updates and has them "
                    + "later? See the log of the primary (category update)")
        }
    }
}
