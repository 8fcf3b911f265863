import Glibc

/// Asks one recursive resolver over UDP, the way this machine's programs do, but without `/etc/hosts` and caches of its
/// own, and with the resolver's own words for what went wrong.
package struct StubResolver: Hashable, Sendable, CustomStringConvertible {
    /// Numeric; an IPv6 zone may follow after `%`.
    package let host: String
    package let port: UInt16

    package init(host: String, port: UInt16 = 53) {
        self.host = host
        self.port = port
    }

    package var description: String { port == 53 ? host : "\(host) port \(port)" }

    /// The `nameserver` lines of a resolv.conf(5), the first three, as the C library does. Without any: this machine.
    package static func list(configuration: String) -> [StubResolver] {
        let hosts = configuration.split(whereSeparator: \.isNewline).compactMap { line -> String? in
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            return words.count >= 2 && words[0] == "nameserver" ? String(words[1]) : nil
        }
        return hosts.isEmpty ? [StubResolver(host: "127.0.0.1")] : hosts.prefix(3).map { StubResolver(host: $0) }
    }

    /// Asks, twice at most. Blocks for up to twice `timeout`.
    ///
    /// - Returns: nil when there is no answer.
    package func ask(
        _ name: String, _ type: DNSQuery.RecordType, timeout: Duration = .seconds(3)
    ) -> DNSQuery.Answer? {
        for _ in 0..<2 {
            let id = UInt16.random(in: .min ... .max)
            guard let question = DNSQuery.encode(id: id, name: name, type: type) else { return nil }
            let answer = withSocket { descriptor -> DNSQuery.Answer? in
                guard send(descriptor, question, question.count, Int32(MSG_NOSIGNAL)) == question.count else {
                    return nil
                }
                return receive(descriptor, question, type, timeout)
            }
            if let answer { return answer }
        }
        return nil
    }

    private func receive(
        _ descriptor: Int32, _ question: [UInt8], _ type: DNSQuery.RecordType, _ timeout: Duration
    ) -> DNSQuery.Answer? {
        let deadline = ContinuousClock.now + timeout
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let left = (deadline - .now) / .milliseconds(1)
            var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard left > 0, poll(&watched, 1, Int32(left) + 1) > 0 else { return nil }
            let count = recv(descriptor, &buffer, buffer.count, 0)
            // An error here is what ICMP told of the datagram before: nobody listens.
            guard count > 0 else { return nil }
            if let answer = DNSQuery.decode(Array(buffer[..<count]), to: question, type: type) { return answer }
        }
    }

    private func withSocket<Result>(_ body: (Int32) -> Result?) -> Result? {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &list) == 0, let target = list?.pointee else { return nil }
        defer { freeaddrinfo(list) }
        let descriptor = socket(target.ai_family, target.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        // Connected, so that only this resolver's datagrams come in.
        guard connect(descriptor, target.ai_addr, target.ai_addrlen) == 0 else { return nil }
        return body(descriptor)
    }
}
