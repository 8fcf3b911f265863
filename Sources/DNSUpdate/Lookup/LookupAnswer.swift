/// What one server answered to one question.
package struct LookupAnswer: Sendable, Hashable {
    /// What the answer says about the name and type that were asked for.
    package enum Outcome: Sendable, Hashable {
        /// The records asked for, at the name or at the end of its aliases.
        case records([RecordData])
        /// The name exists, but not with this type (RFC 2308 §2.2).
        case noData
        /// There is no such name (RFC 2308 §2.1).
        case noName
        /// The name is an alias, and the server does not know what is at its end.
        case alias(to: DomainName)
        /// The name lies in a zone that other servers hold.
        case delegated(zone: DomainName, nameServers: [DomainName])
        /// An error code.
        case failed(ResponseCode)
    }

    package let server: DNSEndpoint
    package let question: Question
    package let response: ResponseMessage
    /// The targets of the aliases that the answer followed, in order.
    package let aliases: [DomainName]
    package let outcome: Outcome

    init(server: DNSEndpoint, question: Question, response: ResponseMessage) {
        self.server = server
        self.question = question
        self.response = response
        let aliases = Self.aliases(from: question, in: response)
        self.aliases = aliases
        self.outcome = Self.outcome(question, response, end: aliases.last ?? question.name, isAlias: !aliases.isEmpty)
    }

    package var responseCode: ResponseCode { response.code }
    /// AA: the server has the zone itself.
    package var isAuthoritative: Bool { response.isAuthoritative }
    /// The records asked for; empty for every outcome but `records`.
    package var records: [RecordData] {
        if case .records(let records) = outcome { records } else { [] }
    }

    /// The SOA that came along: asked for, or with a negative answer (RFC 2308 §3), whose zone it names.
    package var startOfAuthority: (zone: DomainName, soa: StartOfAuthority)? {
        for record in response.answers + response.authority {
            if case .soa(let soa) = record.data { return (record.name, soa) }
        }
        return nil
    }

    /// The zone's serial, if the answer tells it.
    package var serial: SerialNumber? { startOfAuthority?.soa.serial }

    // MARK: - Reading the sections

    /// Follows CNAME records from the question's name. A loop ends where it began again; an alias of itself is its own
    /// target.
    private static func aliases(from question: Question, in response: ResponseMessage) -> [DomainName] {
        guard question.type != .cname, question.type != .any else { return [] }
        var targets: [DomainName] = []
        var name = question.name
        while targets.count < 16 {
            let next = response.answers.lazy.compactMap { record -> DomainName? in
                guard case .cname(let target) = record.data, record.name == name else { return nil }
                return target
            }.first
            guard let next, next != question.name || targets.isEmpty, !targets.contains(next) else { break }
            targets.append(next)
            name = next
        }
        return targets
    }

    private static func outcome(
        _ question: Question, _ response: ResponseMessage, end: DomainName, isAlias: Bool
    ) -> Outcome {
        if response.code == .nxDomain { return .noName }
        guard response.code == .noError else { return .failed(response.code) }
        let records = response.answers.filter { record in
            record.name == end && (record.type == question.type || question.type == .any)
        }
        if !records.isEmpty { return .records(records.map(\.data)) }
        let hasSOA = response.authority.contains { $0.type == .soa }
        if !hasSOA, let cut = delegation(above: end, in: response) { return cut }
        if isAlias, !hasSOA { return .alias(to: end) }
        return .noData
    }

    /// RFC 1034 §4.3.2 step 3b: NS records of a zone further down, without authority.
    private static func delegation(above name: DomainName, in response: ResponseMessage) -> Outcome? {
        let cuts = response.authority.filter { record in
            record.type == .ns && name.isEqualOrBelow(record.name) && !record.name.isRoot
        }
        // With authority only at the end of an alias: the flag is about the first name (RFC 1035 §4.1.1).
        guard !response.isAuthoritative || !response.answers.isEmpty, let zone = cuts.first?.name else { return nil }
        let servers = cuts.compactMap { record -> DomainName? in
            guard case .ns(let server) = record.data, record.name == zone else { return nil }
            return server
        }
        return .delegated(zone: zone, nameServers: servers)
    }
}
