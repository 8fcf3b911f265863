import CertificateFiles
import Crypto
package import DeviceHost
package import FleetAPI

/// The device's side of the fleet: enrolls, checks in, keeps the certificate current.
///
/// Each call leaves the state directory in a condition from which the next call goes on, also when the process is
/// killed.
package struct Agent: Sendable {
    package let configuration: AgentConfiguration
    package let directory: StateDirectory
    /// Ends requests under way, and wakes ``AgentService``.
    package let events: AgentEvents
    let client: FleetClient
    let surroundings: AgentSurroundings

    /// - Parameter version: of the program, for the User-Agent.
    package init(
        configuration: AgentConfiguration, transport: any FleetTransport, version: String,
        surroundings: AgentSurroundings, events: AgentEvents = AgentEvents()
    ) {
        self.configuration = configuration
        self.surroundings = surroundings
        self.events = events
        directory = StateDirectory(path: configuration.stateDirectory)
        client = FleetClient(
            server: configuration.server, transport: transport, userAgent: "ddns-acme-agent/\(version)")
    }

    /// What the device would report now.
    package func localAddresses() -> [LocalAddress] {
        switch configuration.addresses {
        case .fixed(let addresses): addresses
        case .interfaces(let selection): selection.apply(to: surroundings.interfaces())
        }
    }

    // MARK: - Enrollment

    /// What an enrollment led to.
    package struct Enrollment: Hashable, Sendable {
        package var name: String
        /// False: the device was enrolled before, and nothing was sent.
        package var isNew: Bool
    }

    /// Enrolls the device, unless it is enrolled already. May be repeated at any time: a repeat with the same token,
    /// name and server continues an enrollment whose answer was lost, and costs no second use of the token.
    ///
    /// - Parameters:
    ///   - token: asked for only when needed.
    ///   - again: also when there is a credential, which is then replaced.
    /// - Throws: `notEnrolled` without a token, `badToken`, `server`, `cannotWrite`, `busy`, `cancelled`.
    package func enroll(
        again: Bool = false, token: () throws(AgentError) -> SecretToken?
    ) async throws(AgentError) -> Enrollment {
        try await directory.whileLocked(surroundings.clock, events) { () async throws(AgentError) -> Enrollment in
            var state = try directory.state()
            if !again, let name = state.name, try directory.credential() != nil {
                if let server = state.server, server != configuration.server.text {
                    surroundings.log(
                        .warning,
                        "the device is enrolled with \(server); use --again to enroll it anew with this server")
                }
                return Enrollment(name: name, isNew: false)
            }
            guard let token = try token() else {
                throw AgentError(
                    .notEnrolled, "the device is not enrolled, and there is no enrollment token",
                    hint: "have the operator run: ddns-acme token create; then give the token by --token-file or "
                        + "$DDNS_ACME_AGENT_TOKEN")
            }
            guard token.kind == .enrollment else {
                throw AgentError(
                    .badToken, "this is an \(token.kind.noun), not an enrollment token",
                    hint: "use one made with: ddns-acme token create --role enroll")
            }
            let pending = pendingEnrollment(state.enrollment, token)
            state.enrollment = pending
            try directory.save(state)
            let request = EnrollRequest(name: configuration.name, addresses: localAddresses().map(\.description))
            let answer = try await requesting { client throws(FleetAPIError) in
                try await client.enroll(request, token: token, idempotencyKey: pending.idempotencyKey)
            }
            let name = try Self.checked(name: answer.name)
            guard answer.credential.kind == .device else { throw Self.unusable("the credential is of another kind") }
            // First the credential: if the process ends here, the state still holds the enrollment, and it is repeated.
            try directory.save(credential: answer.credential)
            state.enrollment = nil
            state.name = name
            state.server = configuration.server.text
            try directory.save(state)
            return Enrollment(name: name, isNew: true)
        }
    }

    private func pendingEnrollment(
        _ pending: AgentState.PendingEnrollment?, _ token: SecretToken
    ) -> AgentState.PendingEnrollment {
        let subject = [token.reveal(), configuration.name ?? "", configuration.server.text].joined(separator: "\n")
        let fingerprint = SHA256.hash(data: Array(subject.utf8)).prefix(16).hex
        if let pending, pending.fingerprint == fingerprint { return pending }
        let key = SymmetricKey(size: .bits128).withUnsafeBytes { $0.hex }
        return AgentState.PendingEnrollment(idempotencyKey: key, fingerprint: fingerprint)
    }

    // MARK: - Requests

    /// Sends a request, and gives it up when the agent is to end.
    func requesting<Answer: Sendable>(
        _ send: @escaping @Sendable (FleetClient) async throws(FleetAPIError) -> Answer
    ) async throws(AgentError) -> Answer {
        let result = await withTaskGroup(of: Result<Answer, FleetAPIError>?.self) { group in
            group.addTask { [client] in
                do throws(FleetAPIError) {
                    return .success(try await send(client))
                } catch {
                    return .failure(error)
                }
            }
            group.addTask { [events] in
                await events.stopped()
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
        switch result {
        case .success(let answer): return answer
        case .failure(let error): throw AgentError(error)
        case nil: throw AgentError(.cancelled, "cancelled")
        }
    }

    /// A name from the server becomes a folder and an entry in a certificate: only a host name will do.
    static func checked(name: String) throws(AgentError) -> String {
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        let isHostName =
            labels.count > 1 && name.utf8.count <= 253
            && labels.allSatisfy { label in
                (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                    && label.utf8.allSatisfy { isLetterDigitHyphen($0) }
            }
        guard isHostName else { throw unusable("the device's name is no host name") }
        return name.lowercased()
    }

    private static func isLetterDigitHyphen(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte | 0x20) && byte >= 0x41 || (0x30...0x39).contains(byte) || byte == 0x2D
    }

    static func unusable(_ reason: String) -> AgentError {
        AgentError(FleetAPIError(.badAnswer, "the server's answer cannot be used: \(reason)"))
    }
}

extension Sequence<UInt8> {
    /// Lower-case hex.
    var hex: String { map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
}
