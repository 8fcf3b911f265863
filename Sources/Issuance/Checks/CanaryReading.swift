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
        for type in [RecordType.a, .aaaa] {
            let answer = try await lookup.query(canary.name, type, at: zone.primary, key: zone.key)
            if let target = answer.circle {
                return Finding(
                    text:
                        "a wildcard (*.\(zone.name)) makes each name that does not exist an alias that goes round in a "
                        + "circle at \(target) (SERVFAIL)",
                    hint: "remove the wildcard's CNAME, or let it lead to a name that exists", isFatal: true)
            }
            let found = answer.aliases.first.map { "an alias to \($0)" } ?? answer.records.first.map { "\($0)" }
            guard let found else { continue }
            return Finding(
                text: "a wildcard (*.\(zone.name)) answers for names that do not exist, with \(found)",
                hint: "remove it: the name of a suspended device would still lead somewhere", isFatal: false)
        }
        return nil
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
            switch answer.outcome {
            case .failed: throw answer.failure
            case .delegated(let child, _): findings.append(delegation(of: first.name, to: child))
            case .records, .noData, .noName, .alias:
                let shortfall = try await lookup.shortfall(
                    of: wanted.map(\.data), in: answer, zone: zone.name, key: zone.key)
                guard let shortfall else { break }
                // With one of several values a device gets its certificate, if not the one for the wildcard.
                let isPartial = shortfall.kind == .limited && wanted.contains { answer.records.contains($0.data) }
                let note = isPartial ? "; --wildcard needs two \(type) records at one name" : ""
                findings.append(
                    Finding(text: shortfall.summary, hint: shortfall.remedy + note, isFatal: !isPartial))
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

    private func delegation(of name: DomainName, to child: DomainName) -> Finding {
        Finding(
            text: "\(zone.primary) acknowledged records at \(name), and has it delegated to zone \(child)",
            hint: "remove the delegation, or choose another zone for the devices", isFatal: true)
    }
}
