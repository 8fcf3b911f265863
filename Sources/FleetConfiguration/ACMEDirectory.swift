/// Which CA: its ACME directory.
package struct ACMEDirectory: Sendable, Hashable, CustomStringConvertible {
    /// The directory's URL (RFC 8555 §7.1.1).
    package let url: String
    /// How the operator calls it: `letsencrypt`, `letsencrypt-staging`, else the URL.
    package let description: String

    /// Let's Encrypt's production CA.
    package static let letsEncrypt = ACMEDirectory(
        url: "https://acme-v02.api.letsencrypt.org/directory", description: "letsencrypt")
    /// Let's Encrypt's staging CA, whose certificates no browser trusts.
    package static let letsEncryptStaging = ACMEDirectory(
        url: "https://acme-staging-v02.api.letsencrypt.org/directory", description: "letsencrypt-staging")

    private static let known = [letsEncrypt, letsEncryptStaging]

    private init(url: String, description: String) {
        self.url = url
        self.description = description
    }

    /// Takes a name of ours or an `https` URL.
    ///
    /// - Throws: ``ConfigurationComplaint`` saying what is wrong with it.
    package init(_ text: String) throws(ConfigurationComplaint) {
        if let known = Self.known.first(where: { $0.description == text || $0.url == text }) {
            self = known
            return
        }
        // RFC 8555 §6.1: ACME is spoken over HTTPS only. A user name or fragment has no meaning in it.
        guard let rest = Self.afterScheme(text), !rest.hasPrefix("/"), !rest.hasPrefix(":"), !rest.isEmpty,
            rest.unicodeScalars.allSatisfy({
                $0.value > 0x20 && $0.value < 0x7F && !"\"<>\\^`{|}#@".contains(Character($0))
            })
        else {
            throw ConfigurationComplaint(
                "\(quoted(text)) is neither a known CA nor an https URL",
                hint: "write letsencrypt, letsencrypt-staging, or the URL of the CA's ACME directory (https://…)")
        }
        self.init(url: text, description: text)
    }

    private static func afterScheme(_ text: String) -> Substring? {
        text.lowercased().hasPrefix("https://") ? text.dropFirst("https://".count) : nil
    }
}
