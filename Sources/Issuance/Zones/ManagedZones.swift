package import DNSUpdate
import Synchronization

/// All zones of the configuration, and those that following a challenge has led to on the same primaries.
package final class ManagedZones: Sendable {
    package let all: [ManagedZone]
    /// The name that the control server has a certificate made for by itself, or that the configuration gives it, in lower
    /// case: no device gets it. Nil: it has none in these zones.
    package let serverName: String?
    /// What all waits for propagation in this process share.
    package let propagation = PropagationWatch()
    let reserved = ReservedNames()
    private let byText: [String: ManagedZone]
    private let discovered = Mutex<[DomainName: ManagedZone]>([:])

    /// - Parameter serverName: see ``serverName``.
    package init(_ all: [ManagedZone], serverName: DeviceName? = nil) {
        self.all = all
        self.serverName = serverName?.description
        byText = Dictionary(all.map { ($0.name.description.lowercased(), $0) }) { first, _ in first }
    }

    /// In the order of the configuration: the first is the default.
    package var names: [DomainName] { all.map(\.name) }

    /// The configured zone with the longest name that the given one is equal to or below.
    package func holding(_ name: DomainName) -> ManagedZone? {
        all.filter { name.isEqualOrBelow($0.name) }.max { $0.name.labelCount < $1.name.labelCount }
    }

    /// - Throws: `nameInNoZone`.
    func zone(of name: DeviceName) throws(IssuanceError) -> ManagedZone {
        guard let zone = holding(name.domain) else {
            throw IssuanceError(.nameInNoZone, "\(name) is in none of the configured zones")
        }
        return zone
    }

    /// The configured zone of that very name.
    package func named(_ name: DomainName) -> ManagedZone? { all.first { $0.name == name } }

    /// The configured zone of that very name, in lower case as the store has it.
    func named(_ text: String) -> ManagedZone? { byText[text] }

    /// The zone of that very name; when it is not configured by itself, with the primary and the key of its neighbour.
    func zone(_ name: DomainName, besides neighbour: ManagedZone) -> ManagedZone {
        if let zone = named(name) { return zone }
        return discovered.withLock { discovered in
            if let zone = discovered[name] { return zone }
            let zone = neighbour.sibling(name)
            discovered[name] = zone
            return zone
        }
    }

    /// What is really wrong when a signed look-up at a primary fails. A server that does not take the key, or has no such
    /// zone, says so best in its answer to an update; an empty one changes nothing.
    func diagnosis(of error: any Error) async -> any Error {
        guard let failure = error as? LookupFailure,
            [.answerNotTrusted, .noAnswer, .refused, .notAuthoritative].contains(failure.code),
            let zone = holding(failure.question.name), zone.primary == failure.server
        else { return error }
        do throws(UpdateFailure) {
            try await zone.engine.probe()
            return error
        } catch let refusal {
            return refusal.isAuthenticationFailure || refusal.code == .notAuthoritative ? refusal : error
        }
    }

    /// Keeps names back that are the control server's own: no device gets one of them.
    package func reserve(_ names: some Sequence<DomainName>) { reserved.reserve(names) }

    /// Closes the connections to the primaries and the name servers.
    package func close() async {
        await propagation.close()
        for zone in all + discovered.withLock({ Array($0.values) }) { await zone.close() }
    }
}
