import FleetAPI

extension Agent {
    /// Asks for a new credential in place of the present one, which the server accepts until it has seen the new one.
    ///
    /// - Parameter isRequired: otherwise a failure is noted only, and the next check-in tries again.
    /// - Throws: `server`, `cannotWrite`; `cancelled`.
    func rotate(
        _ credential: SecretToken, _ state: inout AgentState, isRequired: Bool
    ) async throws(AgentError) {
        // Noted first: when the answer is lost, the present credential is good for a few days only.
        state.awaitsCredential = true
        try directory.save(state)
        do throws(AgentError) {
            let answer = try await requesting { client throws(FleetAPIError) in
                try await client.rotateCredential(credential)
            }
            guard answer.credential.kind == .device else { throw Self.unusable("the credential is of another kind") }
            try directory.save(credential: answer.credential)
            state.awaitsCredential = nil
            try directory.save(state)
            surroundings.log(.note, "the credential has been replaced")
        } catch {
            // A server that does not know this route has given none away.
            if error.cause?.code == .notFound { state.awaitsCredential = nil }
            if isRequired || error.code == .cancelled || error.code == .cannotWrite { throw error }
            surroundings.log(.warning, "the credential could not be replaced: \(error.message)")
        }
    }
}
