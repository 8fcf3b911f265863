import CertificateFiles
import DeviceHost
package import FleetAPI

/// What a check-in led to.
package struct CheckInOutcome: Sendable {
    /// What became of the certificate.
    package enum Certificate: Sendable {
        /// The present one stays.
        case current
        case installed(serial: String, notAfter: Timestamp)
        /// The CA has not issued it yet.
        case pending(retryAfter: Duration?)
        /// The last attempt to use it failed; the next comes after some more check-ins.
        case paused
        case failed(AgentError)
    }

    package var name: String
    /// What DNS holds.
    package var published: [String]
    package var certificate: Certificate
    package var notAfter: Timestamp?
    package var renewAt: Timestamp?
    /// When the server expects the next one.
    package var checkInAfter: Duration
    /// Why nothing of this could be remembered (a full disk, one that cannot be written). The server has been told.
    package var unsaved: AgentError?
}

extension Agent {
    /// Reports the addresses and the certificate, and does what the answer says.
    ///
    /// - Parameters:
    ///   - isScheduled: part of a row of check-ins; then a certificate whose use keeps failing is not tried each time.
    ///   - rotating: asks for a new credential, too.
    /// - Throws: `notEnrolled`, `server`, `cannotWrite`, `busy`, `cancelled`. A failure after the server has answered
    ///   is in the outcome instead.
    @discardableResult
    package func checkIn(
        isScheduled: Bool = false, rotating: Bool = false
    ) async throws(AgentError) -> CheckInOutcome {
        try await directory.whileLocked(surroundings.clock, events) { () async throws(AgentError) -> CheckInOutcome in
            var state = try directory.state()
            do throws(AgentError) {
                var outcome = try await checkIn(&state, isScheduled, rotating)
                state.lastError = if case .failed(let error) = outcome.certificate { error.message } else { nil }
                do throws(AgentError) {
                    try directory.save(state)
                } catch {
                    outcome.unsaved = error
                }
                return outcome
            } catch {
                if error.code != .cancelled, state.lastError != error.message {
                    state.lastError = error.message
                    try? directory.save(state)
                }
                throw error
            }
        }
    }

    private func checkIn(
        _ state: inout AgentState, _ isScheduled: Bool, _ rotating: Bool
    ) async throws(AgentError) -> CheckInOutcome {
        guard let credential = try directory.credential() else {
            throw AgentError(
                .notEnrolled, "the device is not enrolled: \(directory.credentialFile) does not exist",
                hint: "run: ddns-acme-agent enroll")
        }
        let mayDeploy = !isScheduled || state.deployment.map { $0.pause == 0 } ?? true
        if isScheduled, let pause = state.deployment?.pause, pause > 0 { state.deployment?.pause = pause - 1 }
        var problem: AgentError?
        if mayDeploy { problem = await finishDeployment(&state) }

        // More than a server takes: better the first ones than none.
        let addresses = localAddresses().prefix(16).map(\.description)
        if addresses.isEmpty {
            surroundings.log(.warning, "no local address fits the settings: the name will lead nowhere")
        }
        let installed = try state.name.flatMap { name throws(AgentError) in try InstalledPair(files(name)) }
        let request = CheckInRequest(addresses: addresses, certificate: installed?.report)
        let answer = try await requesting { client throws(FleetAPIError) in
            try await client.checkIn(request, credential: credential)
        }
        let name = try Self.checked(name: answer.name)
        if let before = state.name, before != name {
            surroundings.log(.warning, "the server now calls this device \(name), before it was \(before)")
        }
        state.server = configuration.server.text
        state.published = answer.addresses
        state.renewAt = answer.certificate.renewAt
        state.lastCheckIn = surroundings.now()
        if state.name != name {
            // What comes next writes files under that name. Otherwise one write at the end will do: flash memory wears.
            state.name = name
            try directory.save(state)
        }

        var outcome = CheckInOutcome(
            name: name, published: answer.addresses, certificate: .current, notAfter: answer.certificate.notAfter,
            renewAt: answer.certificate.renewAt,
            checkInAfter: .seconds(min(max(answer.checkInAfter, 1), 86_400)))
        do throws(AgentError) {
            if let problem { throw problem }
            outcome.certificate = try await follow(answer.certificate, credential, &state, mayDeploy: mayDeploy)
            if case .current = outcome.certificate, mayDeploy { try await mendBundle(name) }
        } catch {
            if error.code == .cancelled { throw error }
            outcome.certificate = .failed(error)
        }
        // With each renewal: often enough that one which leaked is not good for ever, and needs no date from this clock.
        var isRenewed = false
        if case .installed = outcome.certificate { isRenewed = installed != nil }
        if rotating || isRenewed || state.awaitsCredential == true {
            try await rotate(credential, &state, isRequired: rotating)
        }
        return outcome
    }

    func files(_ name: String) throws(AgentError) -> CertificateFiles {
        do {
            return try CertificateFiles(out: configuration.certificateDirectory, name: name)
        } catch {
            throw AgentError(error)
        }
    }
}
