/// RFC 8555 §7.3: accounts.
extension ACMEClient {
    /// Creates the key's account, or finds the one that it has already (§7.3: "the server MUST return 200 if one
    /// exists").
    ///
    /// - Parameters:
    ///   - contacts: e-mail addresses, with or without `mailto:`.
    ///   - termsOfServiceAgreed: whether the operator agrees to the CA's current terms.
    /// - Throws: `userActionRequired` with the link when there are terms and they are not agreed to;
    ///   `externalAccountRequired`, `invalidContact`, `unsupportedContact`; `invalidInput` for a contact that is no
    ///   address.
    package func createAccount(
        key: AccountKey, contacts: [String] = [], termsOfServiceAgreed: Bool, externalAccount: ExternalAccount? = nil
    ) async throws(ACMEError) -> Account {
        let contact = try Self.mailto(contacts)
        return try await withDirectory { directory async throws(ACMEError) in
            if let terms = directory.meta.termsOfService, !termsOfServiceAgreed {
                throw ACMEError(
                    .userActionRequired, "the CA wants its terms agreed to: \(terms)", url: directory.newAccount,
                    link: terms)
            }
            let binding: JWS? =
                if let externalAccount { try externalAccount.binding(of: key, newAccount: directory.newAccount) } else {
                    nil
                }
            let request = NewAccount(
                contact: contact.isEmpty ? nil : contact, termsOfServiceAgreed: termsOfServiceAgreed ? true : nil,
                externalAccountBinding: binding)
            return try await newAccount(request, key, directory)
        }
    }

    /// The account that a key has (§7.3.1).
    ///
    /// - Throws: `accountDoesNotExist` when the CA does not know the key.
    package func findAccount(key: AccountKey) async throws(ACMEError) -> Account {
        try await withDirectory { directory async throws(ACMEError) in
            try await newAccount(NewAccount(onlyReturnExisting: true), key, directory)
        }
    }

    private func newAccount(
        _ request: NewAccount, _ key: AccountKey, _ directory: Directory
    ) async throws(ACMEError) -> Account {
        let payload = try WireJSON.encode(request)
        // Safe to repeat: a second request for the same key finds the account that the first one made.
        let response = try await engine.post(
            directory.newAccount, .newAccount, payload: payload, signedBy: key, as: .key, newNonce: directory.newNonce,
            .safe)
        guard let location = response.headers["Location"] else {
            throw ACMEError(.protocolViolation, "the CA names no account URL (Location)", url: directory.newAccount)
        }
        return try Account(response, url: directory.newAccount.resolving(location))
    }

    /// §7.3: "mailto" URIs without header fields, one address each.
    static func mailto(_ contacts: [String]) throws(ACMEError) -> [String] {
        var uris: [String] = []
        for contact in contacts {
            if contact.contains(":"), !contact.lowercased().hasPrefix("mailto:") {
                uris.append(contact)  // another scheme: the CA says whether it takes it
                continue
            }
            let address =
                contact.lowercased().hasPrefix("mailto:") ? String(contact.dropFirst("mailto:".count)) : contact
            let parts = address.split(separator: "@", omittingEmptySubsequences: false)
            guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }),
                address.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
                !address.contains(where: { ",?;<>\"".contains($0) })
            else {
                throw ACMEError(.invalidInput, "the contact \(Evidence.quote(contact)) is not an e-mail address")
            }
            uris.append("mailto:" + address)
        }
        return uris
    }
}

/// The payload of newAccount; members that are `nil` are left out.
private struct NewAccount: Encodable {
    var contact: [String]?
    var termsOfServiceAgreed: Bool?
    var onlyReturnExisting: Bool?
    var externalAccountBinding: JWS?
}
