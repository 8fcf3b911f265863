import FleetStore
import FoundationEssentials

extension CertificateRecord {
    /// Never empty, whatever a CA has written into the certificate.
    var validity: Range<Date> { notBefore..<max(notAfter, notBefore.addingTimeInterval(1)) }
}
