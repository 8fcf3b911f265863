import FleetStore

/// Keys that somebody else has (RFC 5280 §5.3.1, keyCompromise): a certificate for one of them serves whoever stole it.
struct CompromisedKeys: Sendable {
    let store: any CertificateStore

    /// - Throws: `invalidRequest` for a key whose certificate has been revoked for keyCompromise; `FleetStoreError`.
    func refuse(_ request: CertificateRequest) async throws {
        try await refuse(keyFingerprint: KeyFingerprint.text(of: request.publicKey))
    }

    /// The same for a request that was taken in before.
    func refuse(keyFingerprint: String) async throws {
        guard try await store.isCompromised(keyFingerprint: keyFingerprint) else { return }
        throw IssuanceError(
            .invalidRequest,
            "a new key is needed: a certificate for the key of this request was revoked because the key is compromised",
            hints: ["make a new key, and a request with it"])
    }
}
