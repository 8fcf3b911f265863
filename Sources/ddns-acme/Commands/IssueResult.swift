import CertificateFiles
import CommandLineProgram
import DeviceCertificates
import FleetAPI
import FoundationEssentials
import Issuance

/// What `issue` prints.
struct IssueResult: Encodable, Sendable {
    struct Files: Encodable, Sendable {
        let privateKey: String?
        let certificate: String
        let chain: String
        let fullChain: String

        init(_ files: CertificateFiles) {
            privateKey = files.hasKey ? files.keyPath : nil
            (certificate, chain, fullChain) = (files.certificatePath, files.chainPath, files.fullChainPath)
        }
    }

    let device: String
    /// `issued`, `unchanged`, or with `--dry-run` `would-issue`.
    let status: String
    /// Why it would be issued.
    let reason: String?
    let names: [String]?
    let serial: String?
    let issuer: String?
    let notBefore: Date?
    let notAfter: Date?
    let renewAt: Date?
    let orderURL: String?
    let files: Files?

    init(_ outcome: LocalIssuance.Outcome, device: DeviceName, files: CertificateFiles) {
        self.device = device.description
        let certificate: IssuedCertificate?
        switch outcome {
        case .unchanged(let present, let renewal):
            (status, reason, certificate, renewAt, orderURL) = ("unchanged", nil, present, renewal, nil)
        case .issued(let new, let renewal, let url):
            (status, reason, certificate, renewAt, orderURL) = ("issued", nil, new, renewal, url)
        case .wouldIssue(let why):
            (status, reason, certificate, renewAt, orderURL) = ("would-issue", why, nil, nil, nil)
        }
        names = certificate?.names
        serial = certificate?.serial
        issuer = certificate?.issuer
        notBefore = certificate?.notBefore
        notAfter = certificate?.notAfter
        self.files = certificate.map { _ in Files(files) }
    }

    /// What a control server did.
    /// - Parameter status: as above.
    init(_ device: String, _ status: String, _ certificate: DeviceCertificate?, _ files: CertificateFiles) {
        self.device = device
        self.status = status
        (reason, issuer, orderURL) = (nil, nil, nil)
        names = certificate?.names
        serial = certificate?.serial
        notBefore = certificate.map { Self.date($0.notBefore) }
        notAfter = certificate.map { Self.date($0.notAfter) }
        renewAt = certificate?.renewAt.map(Self.date)
        self.files = certificate.map { _ in Files(files) }
    }

    private static func date(_ timestamp: Timestamp) -> Date {
        Date(timeIntervalSince1970: TimeInterval(timestamp.secondsSinceEpoch))
    }

    /// For people.
    var text: String {
        guard let notAfter, let files else {
            return "\(device): a certificate would be obtained, since \(reason ?? "there is none")"
        }
        let verb = status == "issued" ? "issued" : "not due, left alone"
        let renewal = renewAt.map { ", renewal from \(Self.day($0))" } ?? ""
        var lines = [
            "\(device): \(verb); valid until \(Self.day(notAfter))\(renewal)",
            "  names        \(names?.joined(separator: ", ") ?? "")",
            "  serial       \(serial ?? "")",
            "  certificate  \(files.fullChain)",
        ]
        if let issuer { lines.insert("  issuer       \(OutsideText.shown(issuer))", at: 2) }
        if let key = files.privateKey { lines.append("  private key  \(key)") }
        return lines.joined(separator: "\n")
    }

    private static func day(_ date: Date) -> String { date.formatted(.iso8601) }
}
