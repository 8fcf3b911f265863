import FoundationEssentials

/// The wall time of one certificate, from the command to the file.
struct LoneIssuance {
    private let bench: Bench

    init(_ bench: Bench) {
        self.bench = bench
    }

    func run() async throws {
        for authority in [bench.pacedCA, bench.promptCA] { try await run(authority) }
        bench.note(
            .loneIssuance,
            "Both CAs validate at once. lego and certbot wait a second at the least for the DNS, without asking every "
                + "server as ddns-acme does; lego looks every five seconds when the CA does not say when to. DNS queries "
                + "are those of the CA, too.")
    }

    private func run(_ authority: Authority) async throws {
        let peers = try IssuancePeers(bench, authority)
        var clients: [(name: String, issue: (String) throws -> Void)] = [
            ("ddns-acme issue", { try peers.ours($0) })
        ]
        if Peer.lego != nil { clients.append(("lego run", { try peers.lego($0) })) }
        if Peer.certbot != nil { clients.append(("certbot certonly", { try peers.certbot($0) })) }
        // Each has its account before the clock starts.
        for (index, client) in clients.enumerated() {
            do {
                try client.issue("warm-up-\(authority.port)-\(index)")
            } catch let failure as PeerFailure {
                clients.removeAll { $0.name == client.name }
                bench.note(failure, in: .loneIssuance)
            }
        }
        var serial = 0
        try await bench.inTurns(
            .loneIssuance, scale: nil, rounds: bench.size.loneCertificates,
            clients.map { client in
                Bench.Subject(name: "\(client.name), \(authority.name)") {
                    serial += 1
                    let before = try IssuanceCounts.now(bench, authority)
                    let start = ContinuousClock.now
                    try client.issue("lone-\(authority.port)-\(serial)")
                    let seconds = (ContinuousClock.now - start).inSeconds
                    let counts = try IssuanceCounts.now(bench, authority).since(before)
                    return [("seconds", seconds)] + counts.figures(certificates: 1)
                }
            })
    }
}
