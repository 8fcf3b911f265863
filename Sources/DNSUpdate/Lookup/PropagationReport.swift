/// What each server showed, and when.
package struct PropagationReport: Sendable {
    /// One server at the end of the wait.
    package struct Server: Sendable {
        package let server: DNSEndpoint
        /// Whether this is the server that the update went to.
        package let isPrimary: Bool
        /// What the server does not show.
        package let missing: [PropagationCheck.Challenge]
        /// When it first showed everything, from the start of the wait.
        package let shownAfter: Duration?
        /// What it answered last; for one of `missing`, if there are any.
        package let last: TextVisibility?
        /// The last serial seen there.
        package let serial: SerialNumber?
        /// How long it has been in its last state.
        package let unchangedFor: Duration

        /// Whether this machine has no route to it, so that nothing can be said about it.
        package var isUncheckable: Bool {
            if case .noAnswer(.noRoute, _) = last?.state { true } else { false }
        }

        /// Whether waiting is of no use: the update went to a place that is not looked at.
        var isHopeless: Bool {
            guard isPrimary, let last else { return false }
            switch last.state {
            case .alias, .delegated: return true
            default: return false
            }
        }
    }

    /// How many of the servers that a CA's resolver may ask have to show everything.
    struct Quorum: Sendable {
        private let servers: Set<DNSEndpoint>
        private let needed: Int

        /// - Parameter needed: at least one, at most all.
        init(_ needed: Int, of servers: [DNSEndpoint]) {
            self.servers = Set(servers)
            self.needed = max(1, min(needed, self.servers.count))
        }

        /// The primary has to show it in any case: that is the proof that the update was made.
        func isReached(by reports: [Server]) -> Bool {
            let showing = reports.filter { $0.missing.isEmpty }
            return showing.contains(where: \.isPrimary) && showing.count { servers.contains($0.server) } >= needed
        }
    }

    package let zone: DomainName
    package let elapsed: Duration
    /// The primary's serial with everything in it; nil if the primary never showed everything.
    package let watermark: SerialNumber?
    /// The primary first.
    package let servers: [Server]
    let quorum: Quorum?
    /// Whether the primary shows to the key what it does not show to everybody.
    package internal(set) var isInAnotherView = false

    /// Servers that were asked and lack something.
    package var lacking: [Server] { servers.filter { !$0.missing.isEmpty && !$0.isUncheckable } }
    /// Servers that could not be checked from here.
    package var unchecked: [Server] { servers.filter { !$0.missing.isEmpty && $0.isUncheckable } }
    /// Whether every server that can be asked from here shows everything, and at least one does.
    package var isComplete: Bool {
        lacking.isEmpty && servers.contains { $0.missing.isEmpty } || quorum?.isReached(by: servers) == true
    }
}

/// A server has changed its state during a wait.
package struct PropagationProgress: Sendable {
    package let server: DNSEndpoint
    /// Challenges that it shows, of `total`.
    package let shown: Int
    package let total: Int
    /// What it answered last, for one it does not show if there is one.
    package let last: TextVisibility?
    /// Its serial, if known.
    package let serial: SerialNumber?
    /// The primary's serial with everything in it, if known by now.
    package let watermark: SerialNumber?
    /// Since the start of the wait.
    package let elapsed: Duration

    package var isComplete: Bool { shown == total }

    /// What the server does, to stand after its name.
    package var state: String {
        if let last { return last.description }
        guard let serial else { return "does not tell its serial" }
        return "has serial \(serial)" + (watermark.map { " and not yet \($0)" } ?? "")
            + ", for \(elapsed.components.seconds) s"
    }
}
