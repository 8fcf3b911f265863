#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The strict reader of `application/pem-certificate-chain`: certificates and nothing between them (RFC 8555 §9.1).
enum PEMBundle {
    private static let begin = "-----BEGIN CERTIFICATE-----"
    private static let end = "-----END CERTIFICATE-----"
    /// In characters of base64; some 48 KiB of DER.
    private static let longestBlock = 1 << 16

    /// The DER of each block, or a text that says where the input is not PEM.
    static func parse(_ bytes: [UInt8]) -> Result<[[UInt8]], Malformed> {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            return .failure(Malformed(reason: "it is not text"))
        }
        var certificates: [[UInt8]] = []
        // One buffer that grows: what is joined anew with each line takes seconds for a MiB of short ones.
        var (body, isInside) = ("", false)
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let line = line.trimmingSuffix { $0 == " " || $0 == "\t" }
            switch (isInside, line) {
            case (false, ""): continue  // blank lines between blocks are common and harmless
            case (false, begin[...]): (body, isInside) = ("", true)
            case (false, _): return .failure(Malformed(reason: "line \(index + 1) is outside any certificate"))
            case (true, end[...]):
                guard let der = Data(base64Encoded: body), !der.isEmpty else {
                    return .failure(Malformed(reason: "the block that ends at line \(index + 1) is not base64"))
                }
                certificates.append(Array(der))
                isInside = false
            case (true, let line):
                guard body.utf8.count + line.utf8.count <= longestBlock else {
                    return .failure(Malformed(reason: "the block at line \(index + 1) is longer than any certificate"))
                }
                body += line
            }
        }
        guard !isInside else { return .failure(Malformed(reason: "the last block has no end")) }
        return .success(certificates)
    }

    /// PEM text with 64 characters a line (RFC 7468 §2).
    static func format(_ der: [UInt8]) -> String {
        let encoded = Array(Data(der).base64EncodedString().utf8)
        let lines = stride(from: 0, to: encoded.count, by: 64).map { start in
            String(decoding: encoded[start..<min(start + 64, encoded.count)], as: UTF8.self)
        }
        return ([begin] + lines + [end, ""]).joined(separator: "\n")
    }

    struct Malformed: Error {
        let reason: String
    }
}

extension Substring {
    fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> Substring {
        var text = self
        while let last = text.last, predicate(last) { text.removeLast() }
        return text
    }
}
