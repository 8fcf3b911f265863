import CertificateFiles
import DeviceCertificates
import FleetAPI

extension Agent {
    /// Seconds that the server may take over a CSR, and that the agent then goes on asking.
    private static let serverWait = 60
    private static let patience: Duration = .seconds(120)

    /// Does what the server says about the certificate.
    func follow(
        _ directive: CertificateDirective, _ credential: SecretToken, _ state: inout AgentState, mayDeploy: Bool
    ) async throws(AgentError) -> CheckInOutcome.Certificate {
        guard let name = state.name else { return .current }
        let installed = try InstalledPair(files(name))
        switch directive.action {
        // The settings have changed since: only a new request can add a name, leave one away or have another key.
        case .none where mayDeploy && installed.map { !isAsWanted($0, name) } ?? false:
            return try await request(name, credential, &state)
        case .none:
            return .current
        case _ where !mayDeploy:
            return .paused
        case .download:
            let answer: CertificateAnswer
            do throws(AgentError) {
                answer = try await requesting { client throws(FleetAPIError) in
                    try await client.certificate(credential: credential)
                }
            } catch {
                // The server has none after all.
                guard error.cause?.code == .notFound else { throw error }
                return try await request(name, credential, &state)
            }
            guard let chain = try await wait(for: answer, credential) else {
                return .pending(retryAfter: Self.retry(answer))
            }
            guard let key = try heldKey(for: chain, name) else {
                surroundings.log(
                    .warning, "the certificate that the server has is for a key that is lost: asking for a new one")
                return try await request(name, credential, &state)
            }
            return try await deploy(key, chain, name, &state)
        case .sendCSR:
            return try await request(name, credential, &state)
        default:
            surroundings.log(.warning, "the server asks for \"\(directive.action)\", which this version does not know")
            return .current
        }
    }

    /// Asks for a certificate for a key that has never had one. The key is on the disk before anything is asked, so
    /// that the certificate can be used even if this process does not live to see it.
    private func request(
        _ name: String, _ credential: SecretToken, _ state: inout AgentState
    ) async throws(AgentError) -> CheckInOutcome.Certificate {
        let files = try files(name)
        var waiting = try pendingKey(files)
        if state.deployment?.rolledBack == true {
            // The key that waits is that of the certificate that failed; the next one gets its own.
            waiting = nil
            state.deployment = nil
            try directory.save(state)
        }
        if let wanted = configuration.keyKind, waiting?.kind != wanted { waiting = nil }
        let key: DeviceKey
        let csr: [UInt8]
        do throws(DeviceCertificateError) {
            key = if let waiting { waiting } else { try DeviceKey.generate(configuration.keyKind ?? .ec256) }
            csr = try key.certificateRequest(for: configuration.certificateNames(name))
        } catch {
            throw AgentError(error)
        }
        do {
            try files.prepare(privateKey: key.pem)
        } catch {
            throw AgentError(error)
        }
        let answer: CertificateAnswer
        do throws(AgentError) {
            answer = try await requesting { client throws(FleetAPIError) in
                try await client.requestCertificate(csr: csr, credential: credential, wait: Self.serverWait)
            }
        } catch {
            // A key that the server will not have is not offered again.
            if error.cause?.problem?.type == .badCSR { files.discard() }
            throw error
        }
        guard let chain = try await wait(for: answer, credential) else {
            return .pending(retryAfter: Self.retry(answer))
        }
        guard chain.belongs(to: key) else {
            throw AgentError(
                .badCertificate,
                "the certificate with serial \(chain.serial) is for another key than the one that was sent",
                hint: "nothing was installed; if it stays so, tell the server's operator")
        }
        guard isForWantedNames(chain, name) else {
            throw AgentError(
                .badCertificate,
                "the certificate with serial \(chain.serial) is for \(chain.names.joined(separator: ", "))",
                hint: "nothing was installed; it should be for "
                    + configuration.certificateNames(name).joined(separator: ", "))
        }
        return try await deploy(key, chain, name, &state)
    }

    private func isAsWanted(_ pair: InstalledPair, _ name: String) -> Bool {
        isForWantedNames(pair.chain, name)
            && (configuration.keyKind.map { $0 == pair.key.kind } ?? true)
    }

    private func isForWantedNames(_ chain: IssuedCertificate, _ name: String) -> Bool {
        Set(chain.names) == Set(configuration.certificateNames(name))
    }

    /// The chain, asking again while it is pending; nil when that takes too long.
    private func wait(
        for answer: CertificateAnswer, _ credential: SecretToken
    ) async throws(AgentError) -> IssuedCertificate? {
        var answer = answer
        let waited = surroundings.stopwatch()
        while true {
            switch answer {
            case .chain(let pem, let time):
                let chain = try IssuedCertificate(answer: pem)
                if let time { try chain.check(at: time) }
                return chain
            case .pending(let retryAfter):
                let pause = max(retryAfter ?? .seconds(5), .seconds(1))
                guard waited() + pause <= Self.patience else { return nil }
                try await sleepUnlessStopped(pause)
                answer = try await requesting { client throws(FleetAPIError) in
                    try await client.certificate(credential: credential)
                }
            }
        }
    }

    private static func retry(_ answer: CertificateAnswer) -> Duration? {
        if case .pending(let retryAfter) = answer { retryAfter } else { nil }
    }

    private func sleepUnlessStopped(_ duration: Duration) async throws(AgentError) {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [surroundings] in try? await surroundings.clock.sleep(for: duration) }
            group.addTask { [events] in await events.stopped() }
            await group.next()
            group.cancelAll()
        }
        if events.isStopped || Task.isCancelled { throw AgentError(.cancelled, "cancelled") }
    }

    // MARK: - Keys

    private func pendingKey(_ files: CertificateFiles) throws(AgentError) -> DeviceKey? {
        do {
            return try files.pendingKey().flatMap { try? DeviceKey(pem: $0) }
        } catch {
            throw AgentError(error)
        }
    }

    /// The key that the chain belongs to: one whose request is under way, or the installed one (the server renews with
    /// the last request when a device stays away).
    private func heldKey(for chain: IssuedCertificate, _ name: String) throws(AgentError) -> DeviceKey? {
        let files = try files(name)
        if let key = try pendingKey(files), chain.belongs(to: key) { return key }
        do {
            return try files.present().privateKey.flatMap { try? DeviceKey(pem: $0) }.flatMap {
                chain.belongs(to: $0) ? $0 : nil
            }
        } catch {
            throw AgentError(error)
        }
    }
}
