import CertificateFiles
import DeviceCertificates
import FleetAPI

extension Agent {
    /// Installs the pair, has the service take it up, and goes back to the previous one when that fails.
    func deploy(
        _ key: DeviceKey, _ chain: IssuedCertificate, _ name: String, _ state: inout AgentState
    ) async throws(AgentError) -> CheckInOutcome.Certificate {
        try chain.check(name: name)
        let files = try files(name)
        if let present = try InstalledPair(files) {
            if present.chain.leafDER == chain.leafDER { return .current }
            try install(present.contents, try directory.previous())
        }
        // Noted first: if the process ends between here and the reload, the next run finishes it.
        let failures = state.deployment?.serial == chain.serial ? state.deployment?.failures ?? 0 : 0
        state.deployment = AgentState.PendingDeployment(serial: chain.serial, failures: failures)
        try directory.save(state)
        try install(
            CertificateFiles.Contents(
                privateKey: key.pem, certificate: chain.certificatePEM, chain: chain.chainPEM), files)
        if let problem = await activate(files, chain, name, &state) { throw problem }
        return .installed(serial: chain.serial, notAfter: chain.validUntil)
    }

    /// Goes on with a deployment that the last run did not live to finish, or whose first certificate could not be
    /// activated.
    ///
    /// - Returns: why it failed again; nil otherwise.
    func finishDeployment(_ state: inout AgentState) async -> AgentError? {
        guard let pending = state.deployment, !pending.rolledBack, let name = state.name else { return nil }
        do throws(AgentError) {
            let files = try files(name)
            guard let present = try InstalledPair(files), present.chain.serial == pending.serial else {
                // It ended before the installation: nothing has changed.
                state.deployment = nil
                try directory.save(state)
                return nil
            }
            surroundings.log(.note, "finishing the installation of certificate \(pending.serial)")
            return await activate(files, present.chain, name, &state)
        } catch {
            return error
        }
    }

    /// Has the service take up what is installed. Not given up when the agent is to end: it is short, and half of it is
    /// worse.
    ///
    /// - Returns: why it failed; the state then says what to do next.
    private func activate(
        _ files: CertificateFiles, _ chain: IssuedCertificate, _ name: String, _ state: inout AgentState
    ) async -> AgentError? {
        do throws(AgentError) {
            try updateBundle(files)
            try await reload(files, name)
            if let check = configuration.verify {
                try await check.waitFor(chain.leafDER, name: name, clock: surroundings.clock)
            }
            state.deployment = nil
            try directory.save(state)
            surroundings.log(.note, "certificate \(chain.serial) is in use, valid until \(chain.validUntil)")
            return nil
        } catch {
            if error.code == .cancelled { return error }
            surroundings.log(error)
            state.deployment?.fail(rolledBack: await rollBack(files, name))
            try? directory.save(state)
            return error
        }
    }

    /// Puts the previous pair back.
    ///
    /// - Returns: false when there is none; then the new one stays, which is better than nothing.
    private func rollBack(_ files: CertificateFiles, _ name: String) async -> Bool {
        do throws(AgentError) {
            guard let previous = try InstalledPair(try directory.previous()), let rejected = try InstalledPair(files),
                previous.chain.leafDER != rejected.chain.leafDER, previous.chain.names.contains(name)
            else { return false }
            try install(previous.contents, files)
            // Kept, so that the certificate can be tried again.
            do {
                try files.prepare(privateKey: rejected.key.pem)
            } catch {
                throw AgentError(error)
            }
            surroundings.log(.warning, "back to the previous certificate \(previous.chain.serial)")
            do throws(AgentError) {
                try updateBundle(files)
            } catch {
                // The service may live without it, and has to hear of the pair in any case.
                surroundings.log(error)
            }
            try await reload(files, name)
            return true
        } catch {
            surroundings.log(error)
            return error.code == .reloadFailed
        }
    }

    func reload(_ files: CertificateFiles, _ name: String) async throws(AgentError) {
        guard let command = configuration.reload else { return }
        try await command.run(environment: [
            "DDNS_ACME_NAME": name, "DDNS_ACME_DIRECTORY": files.directory, "DDNS_ACME_KEY": files.keyPath,
            "DDNS_ACME_FULLCHAIN": files.fullChainPath,
        ])
    }

    private func install(_ contents: CertificateFiles.Contents, _ files: CertificateFiles) throws(AgentError) {
        do {
            try files.install(contents)
        } catch {
            throw AgentError(error)
        }
    }
}
