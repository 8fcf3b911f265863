import CertificateFiles
import DeviceCertificates
import Issuance

/// Which folder below `--out` a device's files are in: it is called what the device was called (DESIGN §3), label or full
/// name, unless the device's certificate is there under its other spelling. So that a device has one folder only, and
/// whatever reads it need not follow how the last command was typed.
enum DeviceFolder {
    /// - Parameters:
    ///   - called: the device as it was typed.
    ///   - name: its full name.
    static func files(out: String, called: String, name: String) throws(CertificateFilesError) -> CertificateFiles {
        let label = String(name.prefix { $0 != "." })
        let (wanted, other) = called.contains(".") ? (name, label) : (label, name)
        let files = try CertificateFiles(out: out, name: wanted)
        let others = try CertificateFiles(out: out, name: other)
        if try files.present().fullChain == nil, let chain = try others.present().fullChain,
            // A label alone may be that of a device in another zone.
            let certificate = try? IssuedCertificate(pem: chain), certificate.names.contains(name)
        {
            return others
        }
        return files
    }
}
