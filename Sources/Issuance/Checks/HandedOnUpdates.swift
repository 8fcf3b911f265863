import DNSUpdate

/// What to tell an operator whose `primary` is none: it hands updates on (`allow-update-forwarding`) and acknowledges what it
/// has itself only after the next transfer.
struct HandedOnUpdates: Sendable {
    let zone: ManagedZone
    let lookup: AuthoritativeLookup

    /// Remarks on a server that takes updates, and not for itself.
    func hints() async -> [String] {
        let answer = try? await lookup.query(zone.name, .soa, at: zone.primary, key: zone.key)
        let primary = answer?.startOfAuthority.map { ", by its SOA \($0.soa.primaryName)" } ?? ""
        return [
            "the answer is signed with another message ID than the one that was sent: \(zone.primary) is a secondary with "
                + "allow-update-forwarding, or a proxy stands before the primary",
            "name the zone's primary itself (setting `primary` of zone \(zone.name)\(primary)): what is published is read "
                + "back from there at once, and a secondary has it only after the next transfer",
        ]
    }

    /// The step about records that were acknowledged and are not there.
    func step(instead outcome: CheckStep) async -> CheckStep {
        let failure = IssuanceError(
            .challengeZone,
            "\(zone.primary) is a secondary of \(zone.name) that forwards updates: it acknowledged the records and does not "
                + "have them yet, so every publication would look as if it had failed",
            hints: await hints())
        return CheckStep(.records, zone.name.description, failure: failure)
    }
}
