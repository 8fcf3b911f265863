import CertificateFiles
import DeviceCertificates
package import DeviceHost
import FleetAPI

/// Finds out what is wrong, step by step, and says what to do about it.
package struct Doctor: Sendable {
    private let agent: Agent
    private let resolvers: [StubResolver]
    private let hosts: String

    /// Beyond this the clock is called wrong; beyond the second, certificates may not be accepted.
    private static let clockWarning: Int64 = 60
    private static let clockFailure: Int64 = 3_600
    /// The certificate is called overdue with less than this left.
    private static let lastDays: Int64 = 7 * 86_400

    /// - Parameters:
    ///   - resolvers: nil: those of `/etc/resolv.conf`.
    ///   - hosts: nil: `/etc/hosts`.
    package init(agent: Agent, resolvers: [StubResolver]? = nil, hosts: String? = nil) {
        self.agent = agent
        self.resolvers = resolvers ?? StubResolver.list(configuration: Self.text("/etc/resolv.conf"))
        self.hosts = hosts ?? Self.text("/etc/hosts")
    }

    /// - Parameter report: called with each finding as it comes.
    /// - Returns: all of them.
    @discardableResult
    package func examine(_ report: (Finding) -> Void = { _ in }) async -> [Finding] {
        var all: [Finding] = []
        func note(_ findings: [Finding]) {
            findings.forEach(report)
            all += findings
        }
        note([stateDirectory(), addresses()])
        let (server, now) = await self.server()
        note(server)
        var outcome: CheckInOutcome?
        if server.allSatisfy({ $0.outcome != .failed }) {
            let finding: Finding
            (finding, outcome) = await credential()
            note([finding])
        }
        if let outcome {
            let published = outcome.published.compactMap { LocalAddress($0) }
            note(
                await ResolverCheck(resolvers: resolvers, hosts: hosts).findings(
                    name: outcome.name, published: published))
        }
        note(certificate(now: now))
        return all
    }

    // MARK: - Steps

    private func stateDirectory() -> Finding {
        let step = "state directory"
        let path = agent.directory.path
        guard let permissions = FilePermissions(path: path) else {
            return .failed(
                step, AgentError(.notEnrolled, "\(path) does not exist or may not be looked at"),
                ["enroll the device, and run this as the same user as the service"])
        }
        for file in [path, agent.directory.credentialFile, agent.directory.stateFile] {
            guard let permissions = FilePermissions(path: file), !permissions.isPrivate else { continue }
            return .warning(step, "others may read \(file) (mode \(permissions.octal))", ["chmod go= \(file)"])
        }
        return .ok(step, "\(path), mode \(permissions.octal)")
    }

    private func addresses() -> Finding {
        let step = "addresses"
        let list = agent.localAddresses().map(\.description)
        guard !list.isEmpty else {
            let present = agent.surroundings.interfaces().filter { !$0.address.isUnusable }
                .map { "\($0.address) on \($0.interface)" }
            return .warning(
                step,
                "no address fits the settings; this machine has "
                    + (present.isEmpty ? "none" : present.joined(separator: ", ")),
                ["set \"interfaces\", \"families\", \"networks\" or \"addresses\"; the server must allow them as well"])
        }
        return .ok(step, list.joined(separator: ", "))
    }

    /// - Returns: the findings, and the server's time.
    private func server() async -> ([Finding], Timestamp?) {
        let url = agent.configuration.server.text
        let date: Timestamp?
        do throws(AgentError) {
            date = try await agent.requesting { client throws(FleetAPIError) in try await client.health() }.date
        } catch {
            return ([.failed("server", error)], nil)
        }
        let reached = Finding.ok("server", "\(url) answers, and its certificate is trusted")
        guard let date else { return ([reached, .warning("clock", "the server does not tell the time")], nil) }
        let now = agent.surroundings.now()
        let ahead = now.seconds(after: date)
        let text =
            "this device's clock is \(abs(ahead)) s \(ahead < 0 ? "behind" : "ahead of") the server's "
            + "(\(now) here, \(date) there)"
        let hints = ["set up time synchronisation: timedatectl set-ntp true, or the router as NTP server"]
        if abs(ahead) > Self.clockFailure {
            return ([reached, .failed("clock", AgentError(.clock, text), hints)], date)
        }
        if abs(ahead) > Self.clockWarning { return ([reached, .warning("clock", text, hints)], date) }
        return ([reached, .ok("clock", "within \(abs(ahead)) s of the server's")], date)
    }

    private func credential() async -> (Finding, CheckInOutcome?) {
        do throws(AgentError) {
            let outcome = try await agent.checkIn()
            if case .failed(let error) = outcome.certificate { return (.failed("check-in", error), outcome) }
            if let error = outcome.unsaved { return (.failed("check-in", error), outcome) }
            return (.ok("check-in", "the server knows this device as \(outcome.name)"), outcome)
        } catch {
            return (.failed("check-in", error), nil)
        }
    }

    private func certificate(now: Timestamp?) -> [Finding] {
        let step = "certificate"
        do throws(AgentError) {
            guard let name = try agent.directory.state().name else { return [] }
            let files = try agent.files(name)
            guard let pair = try InstalledPair(files) else {
                return [
                    .failed(
                        step,
                        AgentError(
                            .badCertificate, "\(files.directory) holds no key and certificate that belong together"),
                        ["run: ddns-acme-agent check-in"])
                ]
            }
            try pair.chain.check(name: name)
            var findings: [Finding] = []
            if let permissions = FilePermissions(path: files.keyPath), !permissions.isPrivate {
                findings.append(
                    .warning(
                        step, "others may read \(files.keyPath) (mode \(permissions.octal))",
                        ["chmod 0600 \(files.keyPath); if others did read it, have the certificate revoked"]))
            }
            // By the server's clock, when it told its time: this device's may be wrong.
            let left = pair.chain.validUntil.seconds(after: now ?? agent.surroundings.now())
            let text = "serial \(pair.chain.serial), valid until \(pair.chain.validUntil)"
            if left <= 0 {
                findings.append(
                    .failed(
                        step, AgentError(.badCertificate, "expired: \(text)"),
                        ["run: ddns-acme-agent check-in; see its message"]))
            } else if left < min(Self.lastDays, pair.chain.validUntil.seconds(after: pair.chain.validFrom) / 4) {
                findings.append(.warning(step, "\(text): it should have been renewed by now"))
            } else {
                findings.append(.ok(step, text))
            }
            return findings
        } catch {
            return [.failed(step, error)]
        }
    }

    private static func text(_ file: String) -> String {
        let bytes = (try? FileSystem.read(file)) ?? nil
        return String(decoding: bytes ?? [], as: UTF8.self)
    }
}
