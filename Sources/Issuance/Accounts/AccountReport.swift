import ACME

/// The account as the CA has it now, and what the CAA records of the zones say about it.
package struct AccountReport: Sendable {
    package let url: String
    package let status: String
    package let contacts: [String]
    package let directoryURL: String
    package let keyLocation: String
    package let termsOfService: String?
    /// Of each zone; empty when the CA does not say by which name it is meant in CAA.
    package let caa: [CAAReport]
}

extension AccountManager {
    /// - Parameter issuer: whose zones and way of proving control the CAA records are compared with.
    /// - Throws: `accountMissing`, `ACMEError`.
    package func report(for issuer: CertificateIssuer) async throws -> AccountReport {
        let account = try await show()
        let meta = try await issuer.client.directory().meta
        let caa = await CAACheck().reports(
            on: issuer.zones.all, identities: meta.caaIdentities, account: account.url, method: issuer.challengeType)
        return AccountReport(
            url: account.url.text, status: account.status.rawValue, contacts: account.contact,
            directoryURL: issuer.client.directoryURL.text, keyLocation: keyLocation,
            termsOfService: meta.termsOfService,
            caa: caa)
    }
}
