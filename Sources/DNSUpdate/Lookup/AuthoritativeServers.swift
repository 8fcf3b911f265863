/// The servers that answer for a zone, at every address.
package struct AuthoritativeServers: Sendable, Hashable {
    /// One name server of the zone.
    package struct Server: Sendable, Hashable {
        /// The name in the NS record; nil for a server that is configured by address.
        package let name: DomainName?
        package let endpoints: [DNSEndpoint]

        package init(name: DomainName?, endpoints: [DNSEndpoint]) {
            self.name = name
            self.endpoints = endpoints
        }
    }

    /// A name server that cannot be asked, because it has no address.
    package struct Problem: Sendable, Hashable, CustomStringConvertible {
        package let name: DomainName
        package let reason: String
        package var description: String { "name server \(name): \(reason)" }
    }

    package let zone: DomainName
    package let servers: [Server]
    /// NS records that lead nowhere. A CA's resolver stumbles over them, too.
    package let problems: [Problem]

    package init(zone: DomainName, servers: [Server], problems: [Problem]) {
        self.zone = zone
        self.servers = servers
        self.problems = problems
    }

    /// Every address once, in the order of the name servers.
    package var endpoints: [DNSEndpoint] {
        var seen: Set<DNSEndpoint> = []
        return servers.flatMap(\.endpoints).filter { seen.insert($0).inserted }
    }
}

extension AuthoritativeLookup {
    /// The servers a CA's resolver may ask: the zone's NS records, each with all its A and AAAA records.
    ///
    /// Addresses come from the primary where it has authority over the server's name, else from the system's resolver,
    /// which is asked for nothing but servers' own names. A primary that is not among the NS records (hidden) is not in
    /// the result.
    ///
    /// - Parameters:
    ///   - overrides: the servers to use instead, when the operator lists them.
    ///   - port: where the servers listen; 53 but in tests.
    /// - Throws: ``LookupFailure`` when the NS records cannot be had from the primary. A name server without an address
    ///   is one of ``AuthoritativeServers/problems``.
    package func authoritativeServers(
        of zone: DomainName, via primary: DNSEndpoint, overrides: [DNSEndpoint] = [], key: TSIGKey? = nil,
        port: UInt16 = DNSEndpoint.defaultPort, resolver: HostResolver = .system, cancellation: Cancellation = .obeyed
    ) async throws(LookupFailure) -> AuthoritativeServers {
        guard overrides.isEmpty else {
            let servers = overrides.map { AuthoritativeServers.Server(name: nil, endpoints: [$0]) }
            return AuthoritativeServers(zone: zone, servers: servers, problems: [])
        }
        let answer = try await query(zone, .ns, at: primary, key: key, cancellation: cancellation)
        if case .failed = answer.outcome { throw answer.failure }
        try answer.requireAuthority()
        let names = answer.records.compactMap { data -> DomainName? in
            if case .ns(let name) = data { name } else { nil }
        }
        guard !names.isEmpty else {
            throw LookupFailure(
                .noZone, server: primary, question: answer.question, evidence: "the name has no NS records")
        }
        let found = await withTaskGroup(of: (Int, [IPAddress], String).self) { group in
            for (index, name) in names.enumerated() {
                group.addTask {
                    let (addresses, reason) = await addresses(
                        of: name, via: primary, key: key, resolver: resolver, cancellation: cancellation)
                    return (index, addresses, reason)
                }
            }
            var found = Array(repeating: (addresses: [IPAddress](), reason: ""), count: names.count)
            for await (index, addresses, reason) in group { found[index] = (addresses, reason) }
            return found
        }
        var servers: [AuthoritativeServers.Server] = []
        var problems: [AuthoritativeServers.Problem] = []
        for (name, result) in zip(names, found) {
            if result.addresses.isEmpty {
                problems.append(AuthoritativeServers.Problem(name: name, reason: result.reason))
            } else {
                servers.append(
                    AuthoritativeServers.Server(
                        name: name, endpoints: result.addresses.map { DNSEndpoint($0, port: port) }))
            }
        }
        return AuthoritativeServers(zone: zone, servers: servers, problems: problems)
    }

    private func addresses(
        of host: DomainName, via primary: DNSEndpoint, key: TSIGKey?, resolver: HostResolver,
        cancellation: Cancellation
    ) async -> ([IPAddress], String) {
        async let v4 = try? query(host, .a, at: primary, key: key, cancellation: cancellation)
        async let v6 = try? query(host, .aaaa, at: primary, key: key, cancellation: cancellation)
        let answers = [await v4, await v6].compactMap(\.self)
        let addresses = answers.flatMap(\.records).compactMap { data -> IPAddress? in
            switch data {
            case .a(let address): .v4(address)
            case .aaaa(let address): .v6(address)
            default: nil
            }
        }
        if !addresses.isEmpty { return (addresses, "") }
        // Where the primary has authority its "no" is final; asking elsewhere would only find an old "yes".
        if answers.contains(where: { $0.isAuthoritative && $0.aliases.isEmpty }) {
            return ([], "the primary has neither A nor AAAA records for it")
        }
        do throws(ServerAddressError) {
            return (try await resolver.addresses(of: host), "")
        } catch {
            return ([], error.message)
        }
    }
}
