/// A server as an operator writes it: an address or a host name, with an optional port.
package enum ServerAddress: Hashable, Sendable, CustomStringConvertible {
    case endpoint(DNSEndpoint)
    case host(DomainName, port: UInt16)

    /// Parses every form of ``DNSEndpoint`` and `ns1.example.com` or `ns1.example.com:5353`.
    ///
    /// - Throws: ``ServerAddressError`` saying which part is wrong.
    package init(_ text: String) throws(ServerAddressError) {
        if let address = IPAddress(text) {
            self = .endpoint(DNSEndpoint(address))
            return
        }
        let (host, port) = try Self.split(text)
        if let address = IPAddress(host), text.hasPrefix("[") == (address.recordType == .aaaa) {
            self = .endpoint(DNSEndpoint(address, port: port))
            return
        }
        // Digits and dots only was meant as an address: resolving "192.0.2.256" as a name would hide the typing error.
        guard !text.hasPrefix("["), host.contains(where: \.isLetter), let name = try? DomainName(host),
            (try? name.validateHostName()) != nil
        else {
            throw ServerAddressError(
                .notAnAddress,
                message: "\"\(ServerAddressError.quote(text))\" is neither an IP address nor a host name",
                hint: "write an address such as 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:53, or a host name")
        }
        self = .host(name, port: port)
    }

    package var description: String {
        switch self {
        case .endpoint(let endpoint): endpoint.description
        case .host(let name, let port): "\(name):\(port)"
        }
    }

    /// Takes `[host]:port`, `[host]` and `host:port` apart; the port defaults to 53.
    private static func split(_ text: String) throws(ServerAddressError) -> (host: String, port: UInt16) {
        var host = text[...]
        var portText: Substring?
        if text.hasPrefix("["), let close = text.firstIndex(of: "]") {
            host = text[text.index(after: text.startIndex)..<close]
            let rest = text[text.index(after: close)...]
            if rest.hasPrefix(":") {
                portText = rest.dropFirst()
            } else if !rest.isEmpty {
                host = text[...]
            }
        } else if let colon = text.lastIndex(of: ":"), text.firstIndex(of: ":") == colon {
            host = text[..<colon]
            portText = text[text.index(after: colon)...]
        }
        guard let portText else { return (String(host), DNSEndpoint.defaultPort) }
        guard portText.allSatisfy(\.isASCII), let first = portText.first, first.isNumber,
            let port = UInt16(portText), port > 0
        else {
            throw ServerAddressError(
                .badPort, message: "\"\(ServerAddressError.quote(portText))\" is not a port",
                hint:
                    "a port is a number from 1 to 65535; an IPv6 address with a port needs brackets: [2001:db8::53]:53")
        }
        return (String(host), port)
    }
}
