package import ACME
import CertificateFiles
package import FleetStore
package import FoundationEssentials

/// The one account this state directory has at a CA. Its key is a file beside the database, made before the CA hears of it,
/// so that no crash can leave an account whose key is lost.
package struct AccountManager: Sendable {
    /// What the operator's configuration says about the account.
    package struct Policy: Sendable {
        package var contacts: [String]
        package var agreesToTerms: Bool
        package var externalAccount: ExternalAccount?

        package init(contacts: [String], agreesToTerms: Bool, externalAccount: ExternalAccount? = nil) {
            self.contacts = contacts
            self.agreesToTerms = agreesToTerms
            self.externalAccount = externalAccount
        }
    }

    let client: ACMEClient
    let store: any FleetStore
    private let policy: Policy
    let keyPath: String
    let directoryURL: String
    let now: @Sendable () -> Date

    /// - Parameter stateDirectory: where the key file is kept.
    package init(
        client: ACMEClient, store: any FleetStore, stateDirectory: String, policy: Policy,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.client = client
        self.store = store
        self.policy = policy
        self.now = now
        directoryURL = client.directoryURL.text
        keyPath = stateDirectory + "/" + Self.keyFile(for: client.directoryURL)
    }

    /// The account as it is known here, without a question to the CA unless a roll-over of its key was interrupted; nil
    /// when there is none yet.
    /// - Throws: `accountMissing` when it has been deactivated, or its key file is gone.
    package func current() async throws -> AccountSession? {
        // A roll-over was interrupted, or is under way in another process, which then holds the lease.
        if try SecretFile.read(nextKeyPath) != nil {
            try await store.withLease("account:" + directoryURL, patience: .seconds(60)) { _ in
                try await finishInterruptedRoll()
            }
        }
        guard let record = try await store.account(directoryURL: directoryURL), let text = record.accountURL else {
            return nil
        }
        guard record.status == "valid" else {
            throw IssuanceError(
                .accountMissing, "the account \(text) is \(record.status)",
                hints: [
                    "a deactivated account cannot be used again; move \(keyPath) away, then run ddns-acme account create"
                ])
        }
        guard let key = try key() else {
            throw IssuanceError(
                .accountMissing, "the key of account \(text) is missing: \(keyPath)",
                hints: [
                    "restore it from a backup of the state directory",
                    "or run ddns-acme account create for a new account",
                ])
        }
        return client.session(account: try ACMEURL(text), key: key)
    }

    /// The session with the key that took the place of the given one's; nil when it is the account's key still.
    ///
    /// - Parameter error: why the session is of no use: a key that the CA does not accept may not be the account's, and
    ///   then one that was put aside is.
    func successor(of session: AccountSession, after error: any Error) async throws -> AccountSession? {
        if let present = try await current(), present.url == session.url,
            present.key.thumbprint != session.key.thumbprint
        {
            return present
        }
        guard let refusal = error as? ACMEError, Self.refusesTheKey(refusal) else { return nil }
        guard try !keptKeys().isEmpty else { return nil }
        return try await store.withLease("account:" + directoryURL, patience: .seconds(60)) { _ in
            // Another process may have been here first.
            if let key = try key(), key.thumbprint != session.key.thumbprint {
                return client.session(account: session.url, key: key)
            }
            return try await adoptKeptKey(of: session.url)
        }
    }

    /// What is really wrong when the CA refuses a request as unauthorized: it may have ended the account.
    func diagnosis(of error: any Error, session: AccountSession) async -> any Error {
        guard let refusal = error as? ACMEError, refusal.code == .unauthorized else { return error }
        do throws(ACMEError) {
            let account = try await session.account()
            guard account.status != .valid else { return error }
        } catch {
            guard error.code == .unauthorized else { return refusal }
        }
        return ended("account \(session.url)", refusal)
    }

    /// - Parameter what: the account, as it is known.
    private func ended(_ what: String, _ refusal: ACMEError) -> IssuanceError {
        IssuanceError(
            .accountMissing, "the CA does not let \(what) do anything any more: \(refusal.message)",
            hints: [
                "ask the CA why it deactivated the account",
                "a new account: move \(keyPath) away, then run ddns-acme account create; names that CAA binds to the old"
                    + " account (accounturi) need that record changed, and renewals lose the exemption from limits",
            ], cause: refusal)
    }

    /// The account, made now if there is none.
    package func ensure() async throws -> AccountSession {
        if let session = try await current() { return session }
        return try await register().session
    }

    /// Makes the account, or finds the one that the key has already; then its contacts are those of the configuration and the
    /// CA's present terms are agreed to.
    package func register() async throws -> (session: AccountSession, account: Account) {
        try await store.withLease("account:" + directoryURL, patience: .seconds(60)) { _ in
            try await finishInterruptedRoll()
            let old = try await store.account(directoryURL: directoryURL)
            // Or the CA would make a second account for a key that it has replaced.
            try await recoverKey(of: old)
            let key = try key() ?? newKey()
            _ = try await store.saveAccount(
                NewAccount(
                    directoryURL: directoryURL, accountURL: old?.accountURL, contacts: policy.contacts,
                    keyFile: keyFileName))
            var account: Account
            do throws(ACMEError) {
                account = try await client.createAccount(
                    key: key, contacts: policy.contacts, termsOfServiceAgreed: policy.agreesToTerms,
                    externalAccount: policy.externalAccount)
            } catch {
                // Of a key that it knows, that says that the account has been ended.
                guard error.code == .unauthorized, let known = old?.accountURL else { throw error }
                throw ended("account \(known)", error)
            }
            let session = client.session(account: account.url, key: key)
            if !account.isNew, account.status == .valid, !policy.contacts.isEmpty {
                account = try await session.update(contacts: policy.contacts)
            }
            try await save(account)
            guard account.status == .valid else {
                throw IssuanceError(
                    .accountMissing, "the CA says that the account \(account.url) is \(account.status)",
                    hints: ["move \(keyPath) away, then run ddns-acme account create for a new account"])
            }
            return (session, account)
        }
    }

    /// Replaces the account's key (RFC 8555 §7.3.5). Orders under way stay with the account.
    package func rollKey() async throws -> AccountSession {
        try await store.withLease("account:" + directoryURL, patience: .seconds(60)) { _ in
            try await finishInterruptedRoll()
            try await recoverKey(of: store.account(directoryURL: directoryURL))
            guard let session = try await current() else { throw noAccount() }
            let next = AccountKey.generate()
            try SecretFile.write(next.pem + "\n", to: nextKeyPath)
            let rolled = try await session.rollKey(to: next)
            try SecretFile.move(nextKeyPath, to: keyPath)
            return rolled
        }
    }

    /// Ends the account for good (RFC 8555 §7.3.6).
    package func deactivate() async throws -> Account {
        let account = try await withSession { try await $0.deactivate() }
        try await save(account)
        return account
    }

    /// The account as the CA has it now.
    package func show() async throws -> Account {
        let account = try await withSession { try await $0.account() }
        try await save(account)
        return account
    }

    /// Whether an account could be made with what is configured; nothing is sent.
    func readiness(_ directory: Directory, subject: String) -> CheckStep {
        func failed(_ message: String, _ hint: String) -> CheckStep {
            CheckStep(.account, subject, failure: IssuanceError(.accountMissing, message, hints: [hint]))
        }
        if let terms = directory.meta.termsOfService, !policy.agreesToTerms {
            return failed(
                "there is no account yet, and the CA wants its terms agreed to: \(terms)",
                "read them, then set acme.agree-to-terms: true in the configuration")
        }
        if directory.meta.externalAccountRequired, policy.externalAccount == nil {
            return failed(
                "there is no account yet, and the CA wants it bound to one at its web site",
                "set acme.external-account in the configuration with the key id and key from the CA's account page")
        }
        return CheckStep(.account, subject, .ok, "none yet; the first issue makes one")
    }

    /// Where the account key is.
    package var keyLocation: String { keyPath }

    // MARK: - Key files

    var nextKeyPath: String { keyPath + ".next" }
    private var keyFileName: String { keyPath.split(separator: "/").last.map(String.init) ?? keyPath }

    /// One file a CA: an account key is not used at two (RFC 8555 §11.1). A readable part and a digest of the whole URL.
    private static func keyFile(for directory: ACMEURL) -> String {
        var digest: UInt32 = 2_166_136_261
        for byte in directory.text.utf8 { digest = (digest ^ UInt32(byte)) &* 16_777_619 }
        let host = directory.host.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
        return "account-\(String(host))-\(String(digest, radix: 16)).pem"
    }

    func key() throws -> AccountKey? {
        try SecretFile.read(keyPath).map { pem throws(ACMEError) in try AccountKey(pem: pem) }
    }

    private func newKey() throws -> AccountKey {
        let key = AccountKey.generate()
        try SecretFile.write(key.pem + "\n", to: keyPath)
        return key
    }

    private func save(_ account: Account) async throws {
        _ = try await store.saveAccount(
            NewAccount(
                directoryURL: directoryURL, accountURL: account.url.text, contacts: account.contact,
                keyFile: keyFileName,
                status: account.status.rawValue))
    }

    /// Runs `body`, and once more when the key that it was run with turns out not to be the account's.
    private func withSession<Value: Sendable>(
        _ body: (AccountSession) async throws -> Value
    ) async throws -> Value {
        guard let session = try await current() else { throw noAccount() }
        do {
            return try await body(session)
        } catch {
            guard let rolled = try await successor(of: session, after: error) else {
                throw await diagnosis(of: error, session: session)
            }
            return try await body(rolled)
        }
    }

    private func noAccount() -> IssuanceError {
        IssuanceError(
            .accountMissing, "there is no account at \(directoryURL) yet", hints: ["run ddns-acme account create"])
    }
}
