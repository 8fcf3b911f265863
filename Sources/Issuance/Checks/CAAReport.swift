package import ACME
package import DNSUpdate

/// What CAA says about a zone, and what it would have to say to let our account issue and nobody else.
package struct CAAReport: Sendable {
    package let zone: DomainName
    /// The records that bind the zone to the account and the method (RFC 8657), as a zone file has them.
    package let records: [String]
    /// What the primary shows now, in words.
    package let finding: String
    /// Whether it shows that binding, or one as narrow.
    package let isBound: Bool
}

extension CAACheck {
    /// - Parameter identities: the CA's names in CAA records; without any nothing can be said, and the list is empty.
    package func reports(
        on zones: [ManagedZone], identities: [String], account: ACMEURL, method: ChallengeType
    ) async -> [CAAReport] {
        guard let identity = identities.first else { return [] }
        var reports: [CAAReport] = []
        for zone in zones {
            var tags = ["issue"]
            var (finding, isBound) = ("any CA may issue: there is no CAA record", false)
            do throws(LookupFailure) {
                if let policy = try await policy(for: zone.name, in: zone) {
                    // A zone with issuewild needs one for us, too (RFC 8659 §4.3).
                    if policy.records.contains(where: { $0.hasTag("issuewild") }) { tags.append("issuewild") }
                    (finding, isBound) = Self.judgement(policy, identities, account, method)
                }
            } catch {
                finding = "the records cannot be looked up: \(error.message)"
            }
            let value = "\(identity); accounturi=\(account); validationmethods=\(method)"
            reports.append(
                CAAReport(
                    zone: zone.name, records: tags.map { "\(zone.name.absoluteText) CAA 0 \($0) \"\(value)\"" },
                    finding: finding, isBound: isBound))
        }
        return reports
    }

    private static func judgement(
        _ policy: CAAPolicy, _ identities: [String], _ account: ACMEURL, _ method: ChallengeType
    ) -> (finding: String, isBound: Bool) {
        let place = "the record at \(policy.owner)"
        func objection(account: String?, method: String) -> String? {
            policy.objection(
                to: CAAPolicy.Applicant(identities: identities, accountURL: account, method: method), wildcard: false)
        }
        if let objection = objection(account: account.text, method: method.rawValue) {
            return ("\(place) does not let this account issue: \(objection)", false)
        }
        // Whoever it lets in beside us shows how narrow it is.
        let isForAnyAccount = objection(account: nil, method: method.rawValue) == nil
        let isForAnyMethod = objection(account: account.text, method: "any other") == nil
        if isForAnyAccount { return ("\(place) lets every account of this CA issue", false) }
        return (
            "\(place) lets this account issue" + (isForAnyMethod ? ", by any method" : " and no other"), !isForAnyMethod
        )
    }
}
