import NIOCore
import NIOPosix

/// Finds the addresses of a *server's own* host name with the system's resolver.
///
/// This is the only place where a recursive resolver is asked. It is never asked for a name that a device or a
/// challenge uses: a negative answer would be cached there (RFC 2308) and the challenge would fail later.
package struct HostResolver: Sendable {
    /// `getaddrinfo` blocks, so it runs on NIO's thread pool and never on an event loop.
    package static let system = HostResolver { name in try await Self.lookUp(name) }

    private let resolve: @Sendable (DomainName) async throws -> [IPAddress]

    /// - Parameter resolve: returns every address of a host, or throws with the reason.
    package init(_ resolve: @escaping @Sendable (DomainName) async throws -> [IPAddress]) {
        self.resolve = resolve
    }

    /// Every IPv4 and IPv6 address of a host.
    ///
    /// - Throws: ``ServerAddressError`` (`unresolvable`) when there is none.
    package func addresses(of host: DomainName) async throws(ServerAddressError) -> [IPAddress] {
        var evidence = "no address found"
        do {
            let addresses = try await resolve(host)
            if !addresses.isEmpty { return addresses }
        } catch {
            evidence = "\(error)"
        }
        throw ServerAddressError(
            .unresolvable, message: "the server name \(host) has no address: \(evidence)",
            hint: "check the name and this machine's resolver (getent hosts \(host)), or configure the address itself")
    }

    /// The endpoints behind a configured server.
    package func endpoints(of server: ServerAddress) async throws(ServerAddressError) -> [DNSEndpoint] {
        switch server {
        case .endpoint(let endpoint):
            return [endpoint]
        case .host(let name, let port):
            return try await addresses(of: name).map { DNSEndpoint($0, port: port) }
        }
    }

    private static func lookUp(_ host: DomainName) async throws -> [IPAddress] {
        // The trailing dot keeps the system's search list out of it, but no line of /etc/hosts matches a name with one.
        let (absolute, plain) = (host.absoluteText, host.description)
        return try await NIOThreadPool.singleton.runIfActive {
            if let addresses = try? SystemResolver.addresses(of: absolute) { return addresses }
            return try SystemResolver.addresses(of: plain)
        }
    }
}
