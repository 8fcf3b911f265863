import CertificateFiles
import DeviceCertificates
import FleetAPI

/// A private key and a chain that belong together, as they are installed.
struct InstalledPair: Sendable {
    let key: DeviceKey
    let chain: IssuedCertificate

    /// What the files hold; nil unless it is a pair.
    init?(_ files: CertificateFiles) throws(AgentError) {
        do {
            let present = try files.present()
            guard let key = present.privateKey.flatMap({ try? DeviceKey(pem: $0) }),
                let chain = present.fullChain.flatMap({ try? IssuedCertificate(pem: $0) }), chain.belongs(to: key)
            else { return nil }
            self.key = key
            self.chain = chain
        } catch {
            throw AgentError(error)
        }
    }

    var contents: CertificateFiles.Contents {
        CertificateFiles.Contents(
            privateKey: key.pem, certificate: chain.certificatePEM, chain: chain.chainPEM)
    }

    /// As a check-in reports it.
    var report: InstalledCertificate {
        InstalledCertificate(serial: chain.serial, notAfter: chain.validUntil)
    }
}
