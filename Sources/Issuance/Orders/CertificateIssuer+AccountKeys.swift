import ACME
import DeviceCertificates

extension CertificateIssuer {
    /// RFC 8555 §11.1: an account's key signs for all devices; in one of them it would be lost with it. Only the key files
    /// are read; those of the reserves, too.
    ///
    /// - Throws: `invalidKey`.
    func refuseAccountKeys(_ request: CertificateRequest) throws {
        if let key = try accounts.key() { try Self.refuse(key, request) }
        for reserve in reserves { try reserve.issuer.refuseAccountKeys(request) }
    }

    static func refuse(_ key: AccountKey, _ request: CertificateRequest) throws(IssuanceError) {
        guard let account = try? DeviceKey(pem: key.pem), account.publicKey == request.publicKey else { return }
        throw IssuanceError(
            .invalidKey, "the key is that of the account at the CA, and cannot be a device's as well (RFC 8555 §11.1)",
            hints: ["give the device a key of its own; without --key and --csr it gets a fresh one"])
    }
}
