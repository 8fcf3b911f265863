import NIOCore

/// The address and port of one DNS server.
package struct DNSEndpoint: Hashable, Sendable, CustomStringConvertible {
    /// The port DNS servers listen on (RFC 1035 §4.2).
    package static let defaultPort: UInt16 = 53

    package let address: IPAddress
    package let port: UInt16

    package init(_ address: IPAddress, port: UInt16 = DNSEndpoint.defaultPort) {
        self.address = address
        self.port = port
    }

    /// Parses `192.0.2.53`, `192.0.2.53:5353`, `2001:db8::53`, `[2001:db8::53]` or `[2001:db8::53]:5353`.
    ///
    /// - Throws: ``ServerAddressError`` when the text is no IP address, or the port is not 1 to 65535.
    package init(_ text: String) throws(ServerAddressError) {
        guard case .endpoint(let endpoint) = try ServerAddress(text) else {
            throw ServerAddressError(
                .notAnAddress, message: "\"\(ServerAddressError.quote(text))\" is not an IP address",
                hint: "write an address such as 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:53")
        }
        self = endpoint
    }

    /// `192.0.2.53:53` or `[2001:db8::53]:53`.
    package var description: String {
        switch address {
        case .v4: "\(address):\(port)"
        case .v6: "[\(address)]:\(port)"
        }
    }

    /// The address as the sockets layer wants it.
    func socketAddress() throws(TransportFailure) -> SocketAddress {
        do {
            return try SocketAddress(ipAddress: address.description, port: Int(port))
        } catch {
            throw TransportFailure(.unreachable, evidence: "\(self): \(error)")
        }
    }
}
