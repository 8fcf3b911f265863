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
    /// A turn that takes longer per certificate has got stuck.
    private static let patience: Duration = .seconds(3)

    /// What a turn took.
    private struct Turn {
        let duration: Duration
        /// Seconds of processor time of the client's own processes, by what they are.
        let processorTimes: [(of: String, seconds: Double)]
    }

    private let bench: Bench

    init(_ bench: Bench) {
        self.bench = bench
    }

    func run() async throws {
        for round in 1...bench.size.fleetRounds {
            for atOnce in bench.size.issuancesAtOnce {
                let count = bench.size.fleetCertificates
                try await take("ddns-acme serve, \(atOnce) orders at a time", count, round) {
                    try await ours(count, atOnce: atOnce, name: "issuing-\(round)-\(atOnce)", $0)
                }
            }
            guard Peer.lego != nil else { continue }
            let count = bench.size.fleetPeerCertificates
            do {
                try await take("lego run, \(Self.processesAtOnce) processes at a time", count, round) {
                    try lego((0..<count).map { "fleet-\(round)-\($0)" }, $0)
                }
            } catch let failure as PeerFailure {
                bench.note(failure, in: .fleetIssuance)
            }
        }
        bench.note(
            .fleetIssuance,
            "Each device makes its own key and request within the time that is measured. This CA asks for pauses of 1 s;"
                + " it is started anew for each turn and refuses no good nonce.")
        bench.note(
            .fleetIssuance,
            "CPU is what all processors of the machine spent, a certificate; the CA, BIND and the clients share them.")
    }

    /// - Parameter turn: gets the certificates, and begins by itself to measure.
    private func take(
        _ subject: String, _ count: Int, _ round: Int, _ turn: @escaping (Authority) async throws -> Turn
    ) async throws {
        bench.progress.show("\(subject), \(count) certificates, round \(round)")
        let ca = try FreshAuthority.start(bench)
        defer { ca.stop() }
        let before = try IssuanceCounts.now(bench, ca.authority)
        let (caBefore, nameServerBefore) = (ca.figures.processorTime, bench.nameServer.processorTime)
        let taken = try await turn(ca.authority)
        let counts = try IssuanceCounts.now(bench, ca.authority).since(before)
        let times =
            taken.processorTimes + [
                ("the CA", ca.figures.processorTime - caBefore),
                ("BIND", bench.nameServer.processorTime - nameServerBefore),
            ]
        func record(_ metric: String, _ value: Double) {
            bench.record(.fleetIssuance, subject, metric, scale: count, value)
        }
        record("certificates/s", Double(count) / taken.duration.inSeconds)
        for figure in counts.figures(certificates: count) { record(figure.metric, figure.value) }
        for time in times { record("CPU of \(time.of), ms a certificate", time.seconds * 1_000 / Double(count)) }
    }

    // MARK: - Ours

    private func ours(_ count: Int, atOnce: Int, name: String, _ authority: Authority) async throws -> Turn {
        let state = "\(bench.folder)/\(name)"
        let zone = bench.zone.description
        try await FleetFile.fill(state, zone: zone, count: count, isNew: true)
        let arguments =
            bench.serveArguments(state: state, zone: zone, primary: bench.primary, authority: authority)
            + ["--plain", "--issuances-at-once", "\(atOnce)"]
        let server = try RunningServer.start(arguments, log: "\(bench.folder)/issuing.log")
        defer { server.stop() }
        try await server.process.figures.settle()
        let (serverBefore, ownBefore) = (server.process.figures.processorTime, ProcessFigures.own.processorTime)
        // A connection for each device, as they have.
        let duration = try await AsyncHTTPFleetTransport.with(connections: count) { transport in
            let client = FleetClient(
                server: try ServerURL("http://127.0.0.1:\(server.port)"), transport: transport,
                userAgent: "ddns-acme-bench")
            let start = ContinuousClock.now
            try await within(Self.patience * count + .seconds(60)) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for index in 0..<count {
                        group.addTask { try await Self.request(index, zone: zone, client) }
                    }
                    try await group.waitForAll()
                }
            }
            return ContinuousClock.now - start
        }
        return Turn(
            duration: duration,
            processorTimes: [
                ("the server", server.process.figures.processorTime - serverBefore),
                ("the devices", ProcessFigures.own.processorTime - ownBefore),
            ])
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

    private func within(_ limit: Duration, _ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(operation: body)
            group.addTask {
                try await Task.sleep(for: limit)
                throw BenchFailure("not all certificates were there after \(limit)")
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    // MARK: - Peers

    private func lego(_ labels: [String], _ authority: Authority) throws -> Turn {
        let peers = try IssuancePeers(bench, authority)
        // It has its account before the clock starts. The earlier one's is not known to this CA.
        try? FileManager.default.removeItem(atPath: peers.legoFolder)
        try peers.lego("warm-up-\(labels[0])")
        let start = ContinuousClock.now
        var waiting = labels[...]
        var running: [ChildProcess] = []
        var processorTime = 0.0
        while !waiting.isEmpty || !running.isEmpty {
            while running.count < Self.processesAtOnce, let label = waiting.popFirst() {
                running.append(try peers.startLego(label))
            }
            // The oldest is the likeliest to be done.
            let child = running.removeFirst()
            do {
                processorTime += try child.waitForSuccess(peer: "lego").processorTime
            } catch {
                for other in running { _ = try? other.terminate() }
                throw error
            }
        }
        return Turn(duration: ContinuousClock.now - start, processorTimes: [("lego", processorTime)])
    }
}
