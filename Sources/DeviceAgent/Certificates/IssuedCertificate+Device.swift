import DeviceCertificates
import FleetAPI
import X509

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension IssuedCertificate {
    /// What the server has sent.
    ///
    /// - Throws: `badCertificate`.
    init(answer pem: String) throws(AgentError) {
        do throws(DeviceCertificateError) {
            try self.init(pem: pem)
        } catch {
            throw AgentError(error)
        }
    }

    var validFrom: Timestamp { Self.timestamp(notBefore) }
    var validUntil: Timestamp { Self.timestamp(notAfter) }

    /// DER of the device's own certificate.
    var leafDER: [UInt8] { der.first ?? [] }

    /// Checks that it is for the name, and that each certificate is signed by the next. Dates are not looked at: this
    /// machine's clock may be wrong, and the browser will look.
    ///
    /// - Throws: `badCertificate`.
    func check(name: String) throws(AgentError) {
        guard names.contains(name.lowercased()) else {
            let list = names.isEmpty ? "no name" : names.joined(separator: ", ")
            throw AgentError(.badCertificate, "the certificate with serial \(serial) is for \(list), not for \(name)")
        }
        if let broken = brokenLink {
            throw AgentError(
                .badCertificate,
                "the chain is out of order: \(broken.certificate.subject) is not signed by \(broken.issuer.subject)")
        }
    }

    /// Checks that it is valid at that time, the server's: this machine's clock may be wrong by years.
    ///
    /// - Throws: `badCertificate`.
    func check(at time: Timestamp) throws(AgentError) {
        guard validUntil <= time || validFrom.seconds(after: time) > Self.clockTolerance else { return }
        throw AgentError(
            .badCertificate,
            "the certificate with serial \(serial) is valid from \(validFrom) to \(validUntil), and the server's clock "
                + "says \(time)",
            hint: "nothing was installed; if it stays so, tell the server's operator")
    }

    /// Seconds by which the clocks of the CA and of the server may differ.
    private static let clockTolerance: Int64 = 3_600

    private static func timestamp(_ date: Date) -> Timestamp {
        Timestamp(secondsSinceEpoch: Int64(date.timeIntervalSince1970.rounded(.down)))
    }
}

extension AgentError {
    init(_ error: DeviceCertificateError) {
        self.init(.badCertificate, error.message, hint: error.hints.first)
    }
}
