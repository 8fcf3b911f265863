import DNSUpdate

/// What the primary shows of a canary that it acknowledged: NOERROR is no proof (DESIGN §6 rule 3). A count in the policy, a
/// longest TTL or a wildcard changes what devices get, and no answer to an update says so.
struct CanaryReading: Sendable {
    let zone: ManagedZone
    let lookup: AuthoritativeLookup
    let canary: Canary

    /// Something that is not as it was published.
    struct Finding: Sendable {
        let text: String
        let hint: String
        /// Whether no certificate can be had like this.
        let isFatal: Bool
    }

    /// Records that answer for the canary's name before it is published: those of a wildcard.
    func wildcard() async throws(LookupFailure) -> Finding? {
        let answer = try await lookup.query(canary.name, .a, at: zone.primary, key: zone.key)
        let found = answer.aliases.first.map { "an alias to \($0)" } ?? answer.records.first.map { "\($0)" }
        guard let found else { return nil }
        return Finding(
            text: "a wildcard (*.\(zone.name)) answers for names that do not exist, with \(found)",
            hint: "remove it: the name of a suspended device would still lead somewhere", isFatal: false)
    }

    /// Each record that is missing or was changed.
    func findings() async throws(LookupFailure) -> [Finding] {
        var findings: [Finding] = []
        var types: [RecordType] = []
        for record in canary.records where !types.contains(record.data.type) { types.append(record.data.type) }
        for type in types {
            let wanted = canary.records.filter { $0.data.type == type }
            guard let first = wanted.first else { continue }
            let answer = try await lookup.query(first.name, type, at: zone.primary, key: zone.key)
            let missing = wanted.filter { !answer.records.contains($0.data) }
            if missing.count == wanted.count {
                findings.append(absence(of: type, answer))
            } else if !missing.isEmpty {
                findings.append(
                    Finding(
                        text:
                            "\(zone.primary) keeps only \(wanted.count - missing.count) of \(wanted.count) \(type) values",
                        hint: "a count in update-policy, such as \(type)(1), makes the server drop records in silence; "
                            + "--wildcard needs two \(type) records at one name",
                        isFatal: false))
            }
            let ttl = answer.response.answers.first { $0.type == type }?.ttl
            if let ttl, ttl != zone.ttl, !findings.contains(where: { $0.text.contains("TTL") }) {
                findings.append(
                    Finding(
                        text: "the TTL \(zone.ttl) became \(ttl)",
                        hint:
                            "max-zone-ttl limits it on the server: raise it there, or set ttl: \(ttl) for the zone here",
                        isFatal: false))
            }
        }
        return findings
    }

    private func absence(of type: RecordType, _ answer: LookupAnswer) -> Finding {
        let seen: String =
            switch answer.outcome {
            case .alias(let target): "has an alias there, to \(target)"
            case .delegated(let child, _): "has it delegated to zone \(child)"
            case .failed(let code): "answers \(code)"
            case .records, .noData, .noName: "does not show it"
            }
        return Finding(
            text:
                "\(zone.primary) acknowledged \(type == .a || type == .aaaa ? "an" : "a") \(type) record, but it \(seen)",
            hint:
                "with inline-signing the signed zone can lag behind: use dnssec-policy with inline-signing no; a count "
                + "in update-policy, such as \(type)(1), makes the server drop records in silence",
            isFatal: true)
    }
}
