import FoundationEssentials

/// The wall time of one certificate, from the command to the file.
struct LoneIssuance {
    private let bench: Bench
    private let peers: IssuancePeers

    init(_ bench: Bench) throws {
        self.bench = bench
        peers = try IssuancePeers(bench)
    }

    func run() async throws {
        var clients: [(name: String, issue: (String) throws -> Void)] = [
            ("ddns-acme issue", { try peers.ours($0) })
        ]
        if Peer.lego != nil { clients.append(("lego run", { try peers.lego($0) })) }
        if Peer.certbot != nil { clients.append(("certbot certonly", { try peers.certbot($0) })) }
        // Each has its account before the clock starts.
        for (index, client) in clients.enumerated() { try client.issue("warm-up-\(index)") }
        var serial = 0
        try await bench.inTurns(
            .loneIssuance, scale: nil, rounds: bench.size.loneCertificates,
            clients.map { client in
                Bench.Subject(name: client.name) {
                    serial += 1
                    let before = try IssuanceCounts.now(bench)
                    let start = ContinuousClock.now
                    try client.issue("lone-\(serial)")
                    let seconds = (ContinuousClock.now - start).inSeconds
                    let counts = try IssuanceCounts.now(bench).since(before)
                    return [("seconds", seconds)] + counts.figures(certificates: 1)
                }
            })
        bench.note(
            .loneIssuance,
            "The CA validates at once and asks for no pause. lego and certbot wait a second at the least for the DNS, "
                + "without asking every server as ddns-acme does. DNS queries are those of the CA, too.")
    }
}
