import CertificateFiles
import FoundationEssentials
import Issuance

/// What `issue` prints.
struct IssueResult: Encodable, Sendable {
    struct Files: Encodable, Sendable {
        let privateKey: String?
        let certificate: String
        let chain: String
        let fullChain: String
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
        self.files = certificate.map { _ in
            Files(
                privateKey: files.hasKey ? files.keyPath : nil, certificate: files.certificatePath,
                chain: files.chainPath,
                fullChain: files.fullChainPath)
        }
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
            "  issuer       \(OutsideText.shown(issuer ?? ""))",
            "  serial       \(serial ?? "")",
            "  certificate  \(files.fullChain)",
        ]
        if let key = files.privateKey { lines.append("  private key  \(key)") }
        return lines.joined(separator: "\n")
    }

    private static func day(_ date: Date) -> String { date.formatted(.iso8601) }
}
