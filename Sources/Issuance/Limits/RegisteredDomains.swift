#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Finds the domain that somebody registered above a name: one label more than the public suffix
/// (<https://publicsuffix.org/list/>). Let's Encrypt counts certificates by it.
package struct RegisteredDomains: Sendable {
    /// Where Debian's package `publicsuffix` puts the list.
    package static let systemList = "/usr/share/publicsuffix/public_suffix_list.dat"

    private let rules: PublicSuffixRules?
    /// The operator's word, which goes before the list; longest first.
    private let given: [String]

    /// - Parameters:
    ///   - list: the text of the Public Suffix List; nil: without it the last two labels are taken for the registered
    ///     domain, which is never less than what the CA counts together, and so never lets too much through.
    ///   - given: domains to count by whatever the list says, in lower case, without a final dot.
    package init(list: String? = nil, given: [String] = []) {
        rules = list.map(PublicSuffixRules.init)
        self.given = given.map { $0.lowercased() }.sorted { $0.utf8.count > $1.utf8.count }
    }

    /// With the system's list, if it is installed.
    package static func system(given: [String] = [], path: String = systemList) -> RegisteredDomains {
        let list = (try? Data(contentsOf: URL(filePath: path))).map { String(decoding: $0, as: UTF8.self) }
        return RegisteredDomains(list: list, given: given)
    }

    /// Whether the Public Suffix List is known.
    package var hasList: Bool { rules != nil }

    /// The registered domain above a name; the name itself when it is a public suffix.
    package func of(_ name: String) -> String {
        let name = (name.hasPrefix("*.") ? String(name.dropFirst(2)) : name).lowercased()
        if let domain = given.first(where: { name == $0 || name.hasSuffix("." + $0) }) { return domain }
        let labels = name.split(separator: ".")
        let suffix = rules?.suffixLength(of: labels) ?? 1
        return labels.suffix(suffix + 1).joined(separator: ".")
    }

    /// The registered domains above the names, each once.
    package func of(_ names: [String]) -> [String] {
        if names.count == 1 { return [of(names[0])] }
        var seen: Set<String> = []
        return names.map(of).filter { seen.insert($0).inserted }
    }
}
