import DNSUpdate
import DeviceCertificates
import FleetAPI
import FleetAPIAsyncHTTPClient
import FoundationEssentials
import Glibc
import Issuance

/// Certificates for a whole fleet at once: devices that send their requests to the control server, beside lego run by
/// hand, as many at a time.
struct FleetIssuance {
    /// What lego is run with; a process each, of which a machine bears only so many.
    private static let processesAtOnce = 16
    private static let issuancesAtOnce = 64

    private let bench: Bench

    init(_ bench: Bench) {
        self.bench = bench
    }

    func run() async throws {
        let count = bench.size.fleetCertificates
        let peers = try IssuancePeers(bench, bench.pacedCA)
        if Peer.lego != nil { try peers.lego("warm-up-fleet") }
        for round in 1...max(1, bench.size.rounds / 2) {
            bench.progress.show("ddns-acme, \(count) certificates, round \(round)")
            try await take("ddns-acme serve, \(Self.issuancesAtOnce) orders at a time", count) {
                try await ours(count, round: round)
            }
            guard Peer.lego != nil else { continue }
            bench.progress.show("lego, \(count) certificates, round \(round)")
            try await take("lego run, \(Self.processesAtOnce) processes at a time", count) {
                try Self.lego(peers, (0..<count).map { "fleet-\(round)-\($0)" })
            }
        }
        bench.note(
            .fleetIssuance,
            "Each device makes its own key and request within the time that is measured. This CA asks for pauses of 1 s."
        )
    }

    private func take(_ subject: String, _ count: Int, _ turn: () async throws -> Duration) async throws {
        let before = try IssuanceCounts.now(bench, bench.pacedCA)
        let seconds = try await turn().inSeconds
        let counts = try IssuanceCounts.now(bench, bench.pacedCA).since(before)
        bench.record(.fleetIssuance, subject, "certificates/s", scale: count, Double(count) / seconds)
        for figure in counts.figures(certificates: count) {
            bench.record(.fleetIssuance, subject, figure.metric, scale: count, figure.value)
        }
    }

    // MARK: - Ours

    private func ours(_ count: Int, round: Int) async throws -> Duration {
        let state = "\(bench.folder)/issuing-\(round)"
        try await FleetFile.fill(state, zone: bench.zone.description, count: count, hasCertificates: false)
        let arguments =
            bench.serveArguments(state: state) + ["--plain", "--issuances-at-once", "\(Self.issuancesAtOnce)"]
        let server = try RunningServer.start(arguments, log: "\(bench.folder)/issuing.log")
        defer { server.stop() }
        let zone = bench.zone.description
        return try await AsyncHTTPFleetTransport.with { transport in
            let client = FleetClient(
                server: try ServerURL("http://127.0.0.1:\(server.port)"), transport: transport,
                userAgent: "ddns-acme-bench")
            let start = ContinuousClock.now
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<count {
                    group.addTask { try await Self.request(index, zone: zone, client) }
                }
                try await group.waitForAll()
            }
            return ContinuousClock.now - start
        }
    }

    /// What the agent does: the request, then looking again until the chain is there.
    private static func request(_ index: Int, zone: String, _ client: FleetClient) async throws {
        let credential = FleetFile.credential(index)
        let csr = try CertificateRequest(names: ["\(FleetFile.label(index)).\(zone)"], deviceKey: DeviceKey.generate())
            .der
        var answer = try await client.requestCertificate(csr: csr, credential: credential, wait: 60)
        while case .pending = answer {
            try await Task.sleep(for: .seconds(1))
            answer = try await client.certificate(credential: credential)
        }
    }

    // MARK: - Peers

    private static func lego(_ peers: IssuancePeers, _ labels: [String]) throws -> Duration {
        let start = ContinuousClock.now
        var waiting = labels[...]
        var running: [ChildProcess] = []
        while !waiting.isEmpty || !running.isEmpty {
            while running.count < processesAtOnce, let label = waiting.popFirst() {
                running.append(try peers.startLego(label))
            }
            // The oldest is the likeliest to be done.
            let child = running.removeFirst()
            let ending = try child.wait()
            guard ending.status == 0 else {
                for other in running { _ = try? other.terminate() }
                throw BenchFailure("lego ended with \(ending.status): \(child.output.suffix(800))")
            }
        }
        return ContinuousClock.now - start
    }
}
