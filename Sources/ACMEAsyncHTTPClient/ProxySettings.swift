import ACME
import AsyncHTTPClient

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The proxy that the environment asks for, read as curl and Go read it.
struct ProxySettings: Sendable {
    struct Server: Sendable {
        let host: String
        let port: Int
        let authorization: HTTPClient.Authorization?
    }

    let server: Server?
    private let exceptions: [Exception]

    private struct Exception {
        /// Lower case, without a leading dot; `*` for everything.
        let host: String
        let port: Int?
    }

    /// - Throws: `invalidInput` for a proxy that is not `http://[user:password@]host[:port]`. The value is not shown:
    ///   it may hold a password.
    init(environment: [String: String]) throws(ACMEError) {
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
            throw ACMEError(
                .invalidInput, "HTTPS_PROXY is not a proxy that can be used",
                hint: "give it as http://host:port; proxies reached by TLS or SOCKS are not supported")
        }
        let authorization = components.user.map {
            HTTPClient.Authorization.basic(username: $0, password: components.password ?? "")
        }
        server = Server(
            host: host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host, port: components.port ?? 3128,
            authorization: authorization)
    }

    /// Whether requests to this URL go through the proxy. Loopback never does.
    func applies(to url: ACMEURL) -> Bool {
        guard server != nil else { return false }
        let host = url.host.lowercased()
        if host == "localhost" || host.hasSuffix(".localhost") || host == "::1" || host.hasPrefix("127.") {
            return false
        }
        return !exceptions.contains { exception in
            (exception.port ?? url.port) == url.port
                && (exception.host == "*" || host == exception.host || host.hasSuffix("." + exception.host))
        }
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
