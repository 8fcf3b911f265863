import CertificateFiles
import FleetAPI

/// A private key and a chain that belong together, as they are installed.
struct InstalledPair: Sendable {
    let key: DeviceKey
    let chain: CertificateChain

    /// What the files hold; nil unless it is a pair.
    init?(_ files: CertificateFiles) throws(AgentError) {
        do {
            let present = try files.present()
            guard let key = present.privateKey.flatMap({ DeviceKey(pem: $0) }),
                let chain = present.fullChain.flatMap({ try? CertificateChain(pem: $0) }), chain.belongs(to: key)
            else { return nil }
            self.key = key
            self.chain = chain
        } catch {
            throw AgentError(error)
        }
    }

    var contents: CertificateFiles.Contents {
        CertificateFiles.Contents(
            privateKey: key.pem, certificate: chain.certificatePEM, chain: chain.issuersPEM)
    }

    /// As a check-in reports it.
    var report: InstalledCertificate {
        InstalledCertificate(serial: chain.serial, notAfter: chain.notAfter)
    }
}
