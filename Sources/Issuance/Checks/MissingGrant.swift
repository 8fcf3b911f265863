import DNSUpdate

/// What to tell an operator whose policy refuses records of a canary. A policy cannot be read from here: only what it says
/// to names can be seen, and the canary's name is no device's.
struct MissingGrant: Sendable {
    let zone: ManagedZone
    let canary: Canary
    /// One record of each type that was refused when it was sent alone.
    let refused: [ResourceRecord]
    let failure: UpdateFailure

    var step: CheckStep {
        guard !refused.isEmpty else {
            return CheckStep(
                .records, zone.name.description, .failed,
                "\(zone.primary) takes A, AAAA and TXT records one by one, but not in one message",
                hints: CheckStep.explanation(of: failure).hints, failure: failure)
        }
        let records = refused.map { "\($0.type) records at \($0.name)" }.joined(separator: " and ")
        // Each was refused while the zone takes an empty update, or the reason is another one.
        guard failure.likelyCauses.contains(where: { $0.kind == .policy }) else {
            let explanation = CheckStep.explanation(of: failure)
            return CheckStep(
                .records, zone.name.description, .failed,
                "key \(zone.key.name) may not write \(records): \(explanation.message)", hints: explanation.hints,
                failure: failure)
        }
        return CheckStep(
            .records, zone.name.description, .failed,
            "\(zone.primary) refuses key \(zone.key.name) \(records) (REFUSED), and takes updates of the zone otherwise",
            hints: [statement, order] + (isOfEveryType ? [particularNames] : []), failure: failure)
    }

    private var isOfEveryType: Bool { refused.count == canary.oneOfEachType.count }

    private var statement: String {
        let types = refused.map(\.type.description).joined(separator: " ")
        return "add to update-policy of zone \"\(zone.name)\" in named.conf: "
            + "grant \"\(zone.key.name)\" zonesub \(types); then rndc reconfig"
    }

    private var order: String {
        "put it above any deny: the first statement that matches the name decides, and which one that was is only in the "
            + "server's log (category update-security)"
    }

    private var particularNames: String {
        "if the policy has grants for particular names instead (name, self, subdomain, wildcard), this says nothing about "
            + "them: \(canary.name) is no device's name; only publishing a device shows whether they cover it"
    }
}
