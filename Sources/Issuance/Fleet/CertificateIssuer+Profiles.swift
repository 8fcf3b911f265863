import ACME

extension CertificateIssuer {
    /// The profiles that the CA's directory lists, in order; empty when it lists none, nil when it cannot be asked.
    package var offeredProfiles: [String]? {
        get async {
            guard let directory = try? await client.directory() else { return nil }
            return directory.meta.profiles.keys.sorted()
        }
    }
}
