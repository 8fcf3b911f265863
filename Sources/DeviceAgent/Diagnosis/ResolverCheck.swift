import DeviceHost
import NIOPosix

/// Whether the resolvers of this device return what DNS holds for its name.
struct ResolverCheck: Sendable {
    let resolvers: [StubResolver]
    /// For the files in `/etc/hosts`.
    let hosts: String

    static let step = "resolver"

    /// - Parameter published: what the server says that DNS holds.
    func findings(name: String, published: [LocalAddress]) async -> [Finding] {
        guard !published.isEmpty else {
            return [.warning(Self.step, "\(name) has no address in DNS, so there is nothing to compare")]
        }
        var findings: [Finding] = []
        if let line = hostsLine(name, published) {
            findings.append(
                .warning(
                    Self.step, "/etc/hosts leads \(name) elsewhere on this device: \(line)",
                    ["remove the name from /etc/hosts"]))
        }
        for resolver in resolvers {
            findings.append(await check(resolver, name, published))
        }
        return findings
    }

    private func check(_ resolver: StubResolver, _ name: String, _ published: [LocalAddress]) async -> Finding {
        var seen: [LocalAddress] = []
        var codes: Set<String> = []
        for type in [DNSQuery.RecordType.a, .aaaa] where published.contains(where: { $0.isV4 == (type == .a) }) {
            guard let answer = await ask(resolver, name, type) else {
                return .failed(
                    Self.step, AgentError(.resolver, "\(resolver) does not answer"),
                    [
                        "check /etc/resolv.conf, and that nothing blocks UDP to port \(resolver.port)"
                    ])
            }
            codes.insert(answer.codeName)
            seen += answer.addresses
        }
        let (seenText, wantedText) = (Self.words(seen), Self.words(published))
        if Set(seen) == Set(published) { return .ok(Self.step, "\(resolver) returns \(seenText) for \(name)") }
        let missing = Set(published).subtracting(seen)
        // Some filters leave the record out, some answer with an error, some put 0.0.0.0 in its place.
        guard seen.allSatisfy({ $0.isUnusable || published.contains($0) }), !missing.isEmpty else {
            return .failed(
                Self.step,
                AgentError(.resolver, "\(resolver) returns \(seenText) for \(name), but DNS holds \(wantedText)"),
                ["if the address has changed just now, this passes when the record's TTL is over"])
        }
        return .failed(
            Self.step,
            AgentError(
                .resolver,
                "\(resolver) keeps the address back: it answers \(codes.sorted().joined(separator: ", ")) with "
                    + "\(seenText) for \(name), but DNS holds \(wantedText). So does a filter against DNS rebinding"),
            RebindingFilter.remedies(for: name)
                + ["if the name is only minutes old, the resolver may remember that it did not exist: try again later"])
    }

    /// On a thread that may block.
    private func ask(_ resolver: StubResolver, _ name: String, _ type: DNSQuery.RecordType) async -> DNSQuery.Answer? {
        try? await NIOThreadPool.singleton.runIfActive { resolver.ask(name, type) }
    }

    /// The line of `/etc/hosts` that gives the name another address.
    private func hostsLine(_ name: String, _ published: [LocalAddress]) -> String? {
        hosts.split(whereSeparator: \.isNewline).map(String.init).first { line in
            let words = line.prefix { $0 != "#" }.split(whereSeparator: { $0 == " " || $0 == "\t" })
            guard let first = words.first, let address = LocalAddress(String(first)) else { return false }
            return words.dropFirst().contains { $0.lowercased() == name } && !published.contains(address)
        }
    }

    private static func words(_ addresses: [LocalAddress]) -> String {
        addresses.isEmpty ? "no address" : addresses.map(\.description).joined(separator: ", ")
    }
}
