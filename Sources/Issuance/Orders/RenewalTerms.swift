import ACME
import DeviceCertificates
import FleetStore
import FoundationEssentials

/// How an order relates to the certificate that it takes the place of: what it says to the CA, and what it costs there.
struct RenewalTerms {
    /// The certificate to name in `replaces` (RFC 9773 §5), if it is to be named.
    let replaces: CertificateID?
    let kind: OrderKind

    init(of predecessor: CertificateRecord?, names: [String], directoryURL: String, now: Date) {
        guard let predecessor, predecessor.directoryURL == directoryURL, now < predecessor.notAfter else {
            replaces = nil
            kind = .first
            return
        }
        let isSameSet = IssuanceLimits.setKey(predecessor.names) == IssuanceLimits.setKey(names)
        guard predecessor.revokedAt == nil, let start = predecessor.renewal.windowStart, start <= now,
            !Self.isLastResort(predecessor, now: now), let id = Self.certificateID(of: predecessor)
        else {
            replaces = nil
            kind = isSameSet ? .renewal : .first
            return
        }
        replaces = id
        // Let's Encrypt takes a replacement at any time, and charges one that comes before or after the window (Boulder,
        // wfe2 validateReplacementOrder).
        let isInside = predecessor.renewal.windowEnd.map { now < $0 } ?? false
        kind = isInside ? .replacement : isSameSet ? .renewal : .first
    }

    /// Whether half of the time between the window and the certificate's end has passed. From then on a certificate
    /// matters more than the exemption: should `replaces` be what stands in the way (RFC 9773 §7.4), it is left out.
    private static func isLastResort(_ record: CertificateRecord, now: Date) -> Bool {
        let end = record.renewal.windowEnd ?? record.renewal.renewAt ?? record.notAfter
        return now > end.addingTimeInterval(max(0, record.notAfter.timeIntervalSince(end) / 2))
    }

    static func certificateID(of record: CertificateRecord) -> CertificateID? {
        guard let leaf = try? IssuedCertificate(pem: record.chainPEM).der.first else { return nil }
        return try? CertificateID(certificate: leaf)
    }
}
