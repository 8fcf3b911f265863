import FoundationEssentials
import Testing

@testable import ACME

@Suite("RFC 8555 §9.1: application/pem-certificate-chain")
struct PEMBundleTests {
    private static let (begin, end) = ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----")

    private func reason(_ text: String) -> String? {
        switch PEMBundle.parse(Array(text.utf8)) {
        case .success: nil
        case .failure(let malformed): malformed.reason
        }
    }

    @Test("lines of any length, and blank ones between blocks, are read")
    func lines() throws {
        let der = Array("a certificate".utf8)
        let body = Data(der).base64EncodedString().map(String.init).joined(separator: "\n")
        let text = "\(Self.begin)\n\(body)\n\(Self.end) \n\n\(Self.begin)\r\n\(body)\r\n\(Self.end)\r\n"
        #expect(try PEMBundle.parse(Array(text.utf8)).get() == [der, der])
    }

    @Test("a block longer than any certificate is refused where it is too long, not read to its end")
    func long() {
        let text = Self.begin + "\n" + String(repeating: "A\n", count: 500_000)
        #expect(reason(text)?.contains("at line 65538 is longer") == true)
    }

    @Test("text before, between or after blocks, and a block without an end, are refused")
    func strict() {
        #expect(reason("Subject: x\n\(Self.begin)\nAAAA\n\(Self.end)\n")?.contains("line 1 is outside") == true)
        #expect(reason("\(Self.begin)\nAAAA\n")?.contains("no end") == true)
        #expect(reason("\(Self.begin)\n\(Self.end)\n")?.contains("not base64") == true)
    }
}
