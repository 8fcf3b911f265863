/// What an account can do at its CA: everything signed with `kid` (RFC 8555 §6.2).
package struct AccountSession: Sendable {
    package let client: ACMEClient
    /// The account's URL.
    package let url: ACMEURL
    package let key: AccountKey

    var engine: RequestEngine { client.engine }

    /// Sends a signed request. `payload` empty: POST-as-GET.
    func post(
        _ url: ACMEURL, _ endpoint: ACMEEndpoint, payload: [UInt8] = [], accept: String = "application/json",
        _ repetition: RequestEngine.Repetition = .safe
    ) async throws(ACMEError) -> ACMEResponse {
        try await client.withDirectory({ $0.newNonce == $1 }) { directory async throws(ACMEError) in
            try await engine.post(
                url, endpoint, payload: payload, signedBy: key, as: .account(self.url), newNonce: directory.newNonce,
                accept: accept, repetition)
        }
    }

    // MARK: The account itself (RFC 8555 §7.3)

    /// The account as the CA has it now.
    package func account() async throws(ACMEError) -> Account {
        try Account(await post(url, .account), url: url)
    }

    /// Replaces the contacts (§7.3.2).
    package func update(contacts: [String]) async throws(ACMEError) -> Account {
        try await update(AccountUpdate(contact: ACMEClient.mailto(contacts)))
    }

    /// Agrees to the CA's current terms (§7.3.3), after `userActionRequired`.
    package func agreeToTerms() async throws(ACMEError) -> Account {
        try await update(AccountUpdate(termsOfServiceAgreed: true))
    }

    /// Ends the account for good (§7.3.6): it can never be used again.
    package func deactivate() async throws(ACMEError) -> Account {
        try await update(AccountUpdate(status: .deactivated), .onlyIfUntouched)
    }

    private func update(
        _ update: AccountUpdate, _ repetition: RequestEngine.Repetition = .safe
    ) async throws(ACMEError) -> Account {
        try Account(await post(url, .account, payload: WireJSON.encode(update), repetition), url: url)
    }

    /// Gives the account a new key (§7.3.5) and returns the session that uses it. Orders under way stay with the
    /// account.
    ///
    /// Store the new key before the call, and the fact that it is in use after it. When the outcome is unknown
    /// because the answer was lost, the CA is asked which key it has.
    /// - Throws: `conflict` when the new key already has an account.
    package func rollKey(to newKey: AccountKey) async throws(ACMEError) -> AccountSession {
        try await client.withDirectory { directory async throws(ACMEError) in
            let keyChange = try client.endpoint(directory.keyChange, "keyChange")
            // The inner JWS is signed by the new key, names it, has the same url and no nonce.
            let inner = try JWS(
                signedBy: newKey, as: .key, nonce: nil, url: keyChange,
                payload: WireJSON.encode(KeyChange(account: url, oldKey: key.publicJWK)))
            let changed = client.session(account: url, key: newKey)
            do throws(ACMEError) {
                _ = try await post(keyChange, .keyChange, payload: WireJSON.encode(inner), .onlyIfUntouched)
            } catch {
                guard error.mayHaveBeenApplied, let found = try? await client.findAccount(key: newKey), found.url == url
                else {
                    throw error
                }
            }
            return changed
        }
    }
}

private struct AccountUpdate: Encodable {
    var contact: [String]?
    var termsOfServiceAgreed: Bool?
    var status: Status?
}

private struct KeyChange: Encodable {
    let account: ACMEURL
    let oldKey: JSONWebKey
}
