#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The proxy that the environment asks for, read as curl and Go read it.
package struct ProxySettings: Sendable {
    package struct Server: Sendable {
        package let host: String
        package let port: Int
        package let credentials: Credentials?
    }

    /// For the proxy; never in a description.
    package struct Credentials: Sendable, CustomStringConvertible, CustomReflectable {
        package let user: String
        package let password: String
        package var description: String { "<redacted>" }
        package var customMirror: Mirror { Mirror(self, children: []) }
    }

    /// Nil: there is none.
    package let server: Server?
    private let exceptions: [Exception]

    private struct Exception {
        /// Lower case, without a leading dot; `*` for everything.
        let host: String
        let port: Int?
    }

    /// - Throws: for a proxy that is not `http://[user:password@]host[:port]`. The value is not shown: it may hold a
    ///   password.
    package init(environment: [String: String]) throws(ProxySettingsError) {
        func value(_ name: String) -> String? {
            let value = environment[name.lowercased()] ?? environment[name]
            return value?.isEmpty == true ? nil : value
        }
        exceptions = (value("NO_PROXY") ?? "").split(whereSeparator: { $0 == "," || $0 == " " }).map(Self.exception)
        guard let text = value("HTTPS_PROXY") ?? value("ALL_PROXY") else {
            server = nil
            return
        }
        guard let components = URLComponents(string: text.contains("://") ? text : "http://" + text),
            components.scheme?.lowercased() == "http", let host = components.host, !host.isEmpty
        else {
            throw ProxySettingsError()
        }
        let credentials = components.user.map { Credentials(user: $0, password: components.password ?? "") }
        server = Server(
            host: host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host, port: components.port ?? 3128,
            credentials: credentials)
    }

    /// Whether connections to this host go through the proxy. Those to loopback never do.
    package func applies(toHost host: String, port: Int) -> Bool {
        guard server != nil else { return false }
        let host = host.lowercased()
        if host == "localhost" || host.hasSuffix(".localhost") || host == "::1" || host.hasPrefix("127.") {
            return false
        }
        return !exceptions.contains { exception in
            (exception.port ?? port) == port
                && (exception.host == "*" || host == exception.host || host.hasSuffix("." + exception.host))
        }
    }

    /// The proxy for connections to this host; nil: none.
    package func server(forHost host: String, port: Int) -> Server? {
        applies(toHost: host, port: port) ? server : nil
    }

    private static func exception(_ text: Substring) -> Exception {
        var host = text.lowercased()
        var port: Int?
        // A lone IPv6 address has more than one colon and no port.
        if let colon = host.lastIndex(of: ":"), host.firstIndex(of: ":") == colon || host.hasPrefix("["),
            let number = Int(host[host.index(after: colon)...])
        {
            port = number
            host = String(host[..<colon])
        }
        if host.hasPrefix("[") { host = String(host.dropFirst().prefix { $0 != "]" }) }
        while host.hasPrefix(".") || host.hasPrefix("*.") { host.removeFirst() }
        return Exception(host: host, port: port)
    }
}
