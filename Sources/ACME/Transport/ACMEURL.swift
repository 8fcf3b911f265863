#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The https URL of an ACME resource, kept exactly as the CA wrote it.
///
/// ACME compares URLs as strings (the signed `url` header must equal the one the request goes to, RFC 8555 §6.4), so
/// nothing is normalised. Anything but https is refused: RFC 8555 §6.1 allows no other scheme.
package struct ACMEURL: Hashable, Sendable, CustomStringConvertible {
    /// Longest URL accepted, in bytes; longer ones are a broken or hostile server.
    static let maximumLength = 4096

    package let text: String

    /// The host, without brackets when it is an IPv6 literal.
    package let host: String

    /// The port, 443 when the URL names none.
    package let port: Int

    /// - Throws: `protocolViolation` when `text` is not an absolute https URL, or holds credentials, a fragment or a
    ///   character that no URL may contain.
    package init(_ text: String) throws(ACMEError) {
        // Bytes outside the printable ASCII range would let a hostile CA smuggle header or log lines.
        guard text.utf8.count <= Self.maximumLength, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            let components = URLComponents(string: text), components.scheme?.lowercased() == "https",
            let host = components.host, !host.isEmpty,
            components.user == nil, components.password == nil, components.fragment == nil
        else {
            throw ACMEError(
                .protocolViolation, "not an https URL: \(Evidence.quote(text))",
                hint: "ACME resources must be https URLs without credentials or fragment (RFC 8555 §6.1)")
        }
        let port = components.port ?? 443
        guard (1...65535).contains(port) else {
            throw ACMEError(.protocolViolation, "the port of \(Evidence.quote(text)) is out of range")
        }
        self.text = text
        self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        self.port = port
    }

    /// Resolves a reference from a `Location` or `Link` header against this URL (RFC 3986 §5.2).
    package func resolving(_ reference: String) throws(ACMEError) -> ACMEURL {
        guard reference.utf8.count <= Self.maximumLength, let base = URL(string: text),
            let resolved = URL(string: reference, relativeTo: base)
        else {
            throw ACMEError(.protocolViolation, "not a URL reference: \(Evidence.quote(reference))")
        }
        // An absolute reference is taken as it stands, so that the string the CA wrote is the string that is signed.
        return try ACMEURL(
            resolved.scheme != nil && URL(string: reference)?.scheme != nil ? reference : resolved.absoluteString)
    }

    package var description: String { text }
}

extension ACMEURL: Codable {
    package init(from decoder: any Decoder) throws {
        try self.init(try decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
