import CertificateFiles
import DeviceHost
package import FleetAPI

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The agent's directory (mode 0700): the credential, the state, the pair of key and certificate before the present
/// one.
package struct StateDirectory: Sendable {
    package let path: String

    package init(path: String) {
        self.path = path
    }

    package var credentialFile: String { path + "/credential" }
    package var stateFile: String { path + "/state.json" }

    /// The pair that was in use before.
    func previous() throws(AgentError) -> CertificateFiles {
        do {
            return try CertificateFiles(out: path, name: "previous")
        } catch {
            throw AgentError(error)
        }
    }

    /// Makes the directory, and lets nobody else in.
    func prepare() throws(AgentError) {
        do {
            try FileSystem.makeDirectory(path)
        } catch {
            throw AgentError(error)
        }
    }

    // MARK: - Lock

    /// Does `body` while no other agent works in the directory; waits up to a minute for one that does.
    ///
    /// - Throws: `busy`, `cancelled` (also when the agent is to end while it waits), `cannotWrite`, and what `body` throws.
    package func whileLocked<Value: Sendable>(
        _ clock: any Clock<Duration>, _ events: AgentEvents, _ body: () async throws(AgentError) -> Value
    ) async throws(AgentError) -> Value {
        try prepare()
        for _ in 0..<600 {
            if let lock = try lock() {
                let result: Result<Value, AgentError>
                do throws(AgentError) {
                    result = .success(try await body())
                } catch {
                    result = .failure(error)
                }
                lock.release()
                return try result.get()
            }
            guard !events.isStopped, (try? await clock.sleep(for: .milliseconds(100))) != nil else {
                throw AgentError(.cancelled, "cancelled")
            }
        }
        throw AgentError(
            .busy, "another ddns-acme-agent has been at work in \(path) for a minute",
            hint: "if it hangs, end it; a running service checks in at once on SIGHUP")
    }

    private func lock() throws(AgentError) -> FileLock? {
        do throws(FileLockFailure) {
            return try FileLock.acquire(path + "/lock")
        } catch {
            throw AgentError(
                .cannotWrite, "cannot open \(error.path): \(error.reason)",
                hint: "run it as the user that the state directory belongs to")
        }
    }

    // MARK: - Credential

    /// Nil when the device is not enrolled.
    package func credential() throws(AgentError) -> SecretToken? {
        guard let bytes = try read(credentialFile) else { return nil }
        let token: SecretToken
        do throws(SecretTokenError) {
            token = try SecretToken(String(decoding: bytes, as: UTF8.self))
        } catch {
            throw unusable(error.message)
        }
        guard token.kind == .device else { throw unusable("it is an \(token.kind.noun)") }
        return token
    }

    private func unusable(_ reason: String) -> AgentError {
        AgentError(
            .notEnrolled, "\(credentialFile) holds no device credential: \(reason)",
            hint: "enroll the device again, with a new token")
    }

    func save(credential: SecretToken) throws(AgentError) {
        try write(credential.reveal() + "\n", credentialFile)
    }

    // MARK: - State

    /// A file that cannot be understood counts as none: everything in it can be found out again.
    package func state() throws(AgentError) -> AgentState {
        guard let bytes = try read(stateFile) else { return AgentState() }
        return (try? JSONDecoder().decode(AgentState.self, from: Data(bytes))) ?? AgentState()
    }

    func save(_ state: AgentState) throws(AgentError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        guard let text = try? encoder.encode(state) else {
            throw AgentError(.cannotWrite, "the state cannot be written as JSON")
        }
        try write(String(decoding: text, as: UTF8.self) + "\n", stateFile)
    }

    private func read(_ file: String) throws(AgentError) -> [UInt8]? {
        do {
            return try FileSystem.read(file)
        } catch {
            throw AgentError(error)
        }
    }

    private func write(_ text: String, _ file: String) throws(AgentError) {
        do {
            try FileSystem.write(Array(text.utf8), to: file, mode: 0o600)
            FileSystem.synchronize(directory: path)
        } catch {
            throw AgentError(error)
        }
    }
}
