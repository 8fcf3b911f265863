import DNSUpdate

/// Asks every authoritative server of a zone, at each address, whether it follows the primary. One step a server.
struct ServerCheck: Sendable {
    let zoneCheck: ZoneCheck
    let canary: Canary

    private var zone: ManagedZone { zoneCheck.zone }
    private var lookup: AuthoritativeLookup { zoneCheck.lookup }

    func run() async {
        let servers: AuthoritativeServers
        do {
            servers = try await ZoneServers(lookup: lookup).servers(of: zone)
        } catch {
            zoneCheck.report(CheckStep(.servers, zone.name.description, failure: error))
            return
        }
        for problem in servers.problems {
            let failure = IssuanceError(
                .propagation, "\(problem)",
                hints: ["give it an address or remove its NS record: a CA's resolver may pick any name server"])
            zoneCheck.report(CheckStep(.servers, zone.name.description, failure: failure))
        }
        let answering = await answering(of: servers.endpoints)
        if !answering.isEmpty { await watch(answering) }
    }

    /// Those that do not answer at all are named at once: nobody has to wait for them.
    private func answering(of servers: [DNSEndpoint]) async -> [DNSEndpoint] {
        let failures = await withTaskGroup(of: (DNSEndpoint, LookupFailure?).self) { group in
            for server in servers {
                group.addTask {
                    do throws(LookupFailure) {
                        _ = try await lookup.query(zone.name, .soa, at: server)
                        return (server, nil)
                    } catch {
                        return (server, error)
                    }
                }
            }
            return await group.reduce(into: [DNSEndpoint: LookupFailure]()) { $0[$1.0] = $1.1 }
        }
        for server in servers {
            guard let failure = failures[server] else { continue }
            if failure.code == .noRoute {
                zoneCheck.report(
                    CheckStep(.servers, server.description, .warning, failure.message, hints: [failure.hint]))
            } else {
                zoneCheck.report(CheckStep(.servers, server.description, failure: failure))
            }
        }
        return servers.filter { failures[$0] == nil }
    }

    private func watch(_ servers: [DNSEndpoint]) async {
        let outcome: PropagationReport
        var failure: PropagationFailure?
        do throws(PropagationFailure) {
            outcome = try await PropagationCheck(lookup: lookup).wait(
                for: [.init(name: canary.challengeName, value: canary.value)], in: zone.name, primary: zone.primary,
                servers: servers, timeout: zoneCheck.propagationTimeout, primaryKey: zone.key)
        } catch {
            outcome = error.report
            failure = error
        }
        for server in outcome.servers where servers.contains(server.server) {
            zoneCheck.report(step(for: server, failure))
        }
    }

    private func step(for server: PropagationReport.Server, _ failure: PropagationFailure?) -> CheckStep {
        let subject = server.server.description
        if server.missing.isEmpty {
            let after = server.shownAfter.map { " after \($0.milliseconds) ms" } ?? ""
            return CheckStep(.servers, subject, .ok, "shows a change\(after)")
        }
        if server.isUncheckable {
            return CheckStep(.servers, subject, .warning, "cannot be asked from this machine: no route to it")
        }
        let state = server.last.map(\.description) ?? "has not answered"
        return CheckStep(
            .servers, subject, .failed,
            "\(state) \(zoneCheck.propagationTimeout.components.seconds) s after the primary took the change",
            hints: failure.map { CheckStep.explanation(of: $0).hints } ?? [], failure: failure)
    }
}

extension Duration {
    fileprivate var milliseconds: Int64 { components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000 }
}
