package import FleetAPI

/// What the agent remembers between runs, beside the credential and the certificates.
package struct AgentState: Codable, Hashable, Sendable {
    /// The server that the device is enrolled with.
    package var server: String?
    /// The device's name, as the server gave it.
    package var name: String?
    /// An enrollment whose answer has not come yet.
    package var enrollment: PendingEnrollment?
    /// What the last answer said DNS holds.
    package var published: [String] = []
    package var renewAt: Timestamp?
    /// By this machine's clock, for people to read; nothing is decided by it.
    package var lastCheckIn: Timestamp?
    package var lastError: String?
    package var deployment: PendingDeployment?
    /// A new credential has been asked for and has not come yet. From then on the present one is good for some days only.
    package var awaitsCredential: Bool?

    package init() {}

    /// So that a lost answer can be asked for again.
    package struct PendingEnrollment: Codable, Hashable, Sendable {
        package var idempotencyKey: String
        /// Tells whether the next attempt is the same enrollment, without holding the token.
        package var fingerprint: String
    }

    /// A certificate that is being put to use, or whose use failed.
    package struct PendingDeployment: Codable, Hashable, Sendable {
        package var serial: String
        /// The previous pair is back; otherwise the new one is in place and its reload has not succeeded yet.
        package var rolledBack = false
        package var failures = 0
        /// Scheduled check-ins to let pass before the next attempt.
        package var pause = 0

        /// Notes a failure: the attempts come after 1, 2, 4 … 64 check-ins.
        mutating func fail(rolledBack: Bool) {
            self.rolledBack = rolledBack
            pause = 1 << min(failures, 6)
            failures += 1
        }
    }
}
