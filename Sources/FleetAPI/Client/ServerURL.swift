#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Where the control server is: `https://host[:port][/path]`, without anything after it.
package struct ServerURL: Hashable, Sendable, CustomStringConvertible {
    /// Without a slash at the end.
    package let text: String
    /// Without the brackets of an IPv6 address.
    package let host: String
    package let port: Int

    /// - Throws: ``FleetAPIError`` `badServerURL`. Plain HTTP is for this machine's loopback only, where a proxy that
    ///   adds TLS may listen; anywhere else a credential would cross the network in the open.
    package init(_ text: String) throws(FleetAPIError) {
        var rest = text
        while rest.hasSuffix("/") { rest.removeLast() }
        guard let parts = URLComponents(string: rest), let host = parts.host, !host.isEmpty, parts.user == nil,
            parts.password == nil, parts.query == nil, parts.fragment == nil,
            rest.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else {
            throw FleetAPIError(
                .badServerURL, "\"\(Self.shortened(text))\" is not the URL of a server",
                hint: "give it as https://host or https://host:port")
        }
        let scheme = parts.scheme?.lowercased()
        guard scheme == "https" || (scheme == "http" && Self.isLoopback(host)) else {
            throw FleetAPIError(
                .badServerURL, "the server's URL does not begin with https://",
                hint: "credentials are only sent over TLS; give the server as https://host or https://host:port")
        }
        self.text = rest
        self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        port = parts.port ?? (scheme == "http" ? 80 : 443)
    }

    package var description: String { text }

    private static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "[::1]" || host == "::1" || host == "127.0.0.1"
    }

    private static func shortened(_ text: String) -> String {
        // A URL may hold a password; what stands before an @ is not shown.
        let shown = text.split(separator: "@", omittingEmptySubsequences: false).last.map(String.init) ?? text
        return shown.utf8.count > 100 ? shown.prefix(100) + "…" : shown
    }
}
