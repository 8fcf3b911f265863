package import SwiftASN1

/// The blocks of a PEM file from outside (RFC 7468 §2): text between them is allowed, and a file may hold several kinds.
package enum PEMBlocks {
    /// Those that can be read, in their order.
    package static func documents(in text: String) -> [PEMDocument] {
        var documents: [PEMDocument] = []
        var lines: [Substring]?
        for raw in text.split(whereSeparator: \.isNewline) {
            let line = raw.trimmingSuffix { $0 == " " || $0 == "\t" }
            if line.hasPrefix("-----BEGIN ") {
                lines = [line]
            } else if lines != nil {
                lines?.append(line)
                guard line.hasPrefix("-----END ") else { continue }
                if let block = lines?.joined(separator: "\n"), let document = try? PEMDocument(pemString: block) {
                    documents.append(document)
                }
                lines = nil
            }
        }
        return documents
    }

    /// What a file holds, for a message.
    package static func summary(of documents: [PEMDocument]) -> String {
        guard !documents.isEmpty else { return "no PEM block" }
        return documents.map { "a " + $0.discriminator.prefix(64).debugDescription }.joined(separator: " and ")
    }
}

extension Substring {
    fileprivate func trimmingSuffix(_ isLeftOut: (Character) -> Bool) -> Substring {
        var text = self
        while let last = text.last, isLeftOut(last) { text.removeLast() }
        return text
    }
}
