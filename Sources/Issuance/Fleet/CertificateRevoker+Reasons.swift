package import ACME

extension CertificateRevoker {
    /// The reason of a device that is taken out of service.
    package static let retirement = RevocationReason.cessationOfOperation

    /// The reason with that CRL code (RFC 5280 §5.3.1); nil when CAs take none such.
    package static func reason(code: Int) -> RevocationReason? { RevocationReason(rawValue: code) }

    /// What there is to choose from, for a message.
    package static var reasonList: String {
        RevocationReason.allCases.map { "\($0.rawValue) (\($0))" }.joined(separator: ", ")
    }
}
