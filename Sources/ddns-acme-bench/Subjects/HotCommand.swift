import ACME
import ArgumentParser
import DNSUpdate
import FleetAPI
import FoundationEssentials
import Logging
import Synchronization

/// `ddns-acme-bench hot`: one hot path, so many times, to be counted by valgrind.
struct HotCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "hot", shouldDisplay: false)

    @Argument var path: HotPath
    @Option var iterations: Int
    @OptionGroup var common: SubjectOptions
    @Option var zone: String
    @Option var dnsPort: UInt16
    @Option var acmePort: UInt16

    func run() async throws {
        switch path {
        case .message:
            let message = try message()
            for _ in 0..<iterations { _ = try message.wire(id: 1) }
        case .signature:
            let (wire, key) = (try message().wire(id: 1), try key())
            for _ in 0..<iterations { _ = try TSIGSigner.sign(wire, key: key, now: 1_800_000_000) }
        case .verification: try verify()
        case .acme: try await requests()
        case .checkIn: try await checkIns()
        }
    }

    private func key() throws -> TSIGKey { try TSIGKeyFile.load("\(common.folder)/tsig.key").key() }

    private func message() throws -> UpdateMessage {
        let name = try DomainName(zone)
        let changes = try UpdateWork(zone: name, prefix: "hot").next(100)
        return UpdateMessage(zone: name, operations: changes.flatMap(\.operations))
    }

    // MARK: - TSIG

    /// A request does not verify as an answer; the work up to that verdict is that for a good one.
    private func verify() throws {
        let key = try key()
        let request = try TSIGSigner.sign(
            UpdateMessage(zone: DomainName(zone)).wire(id: 7), key: key, now: 1_800_000_000)
        for _ in 0..<iterations {
            _ = TSIGVerifier.verify(request.wire, to: request.context, now: 1_800_000_000)
        }
    }

    // MARK: - ACME

    private func requests() async throws {
        let client = ACMEClient(
            directory: try ACMEURL("https://ca.example/dir"), transport: CannedCA(), logger: Logger(label: "bench"))
        let session = client.session(account: try ACMEURL("https://ca.example/account/1"), key: AccountKey.generate())
        let order = try ACMEURL("https://ca.example/order/1")
        for _ in 0..<iterations { _ = try await session.order(at: order) }
    }

    /// Answers everything at once from memory.
    private struct CannedCA: ACMETransport {
        func send(_ request: ACMERequest, timeout: Duration) async throws(ACMETransportError) -> ACMEResponse {
            let headers: ACMEHeaders = ["Replay-Nonce": "bm9uY2U", "Content-Type": "application/json"]
            let path = request.url.text
            let body =
                path.hasSuffix("/dir")
                ? #"{"newNonce":"https://ca.example/nonce","newAccount":"https://ca.example/account","#
                    + #""newOrder":"https://ca.example/order"}"#
                : #"{"status":"ready","expires":"2030-01-01T00:00:00Z","identifiers":[{"type":"dns","#
                    + #""value":"dev1.devices.example.com"}],"authorizations":["https://ca.example/authz/1"],"#
                    + #""finalize":"https://ca.example/finalize/1"}"#
            return ACMEResponse(status: 200, headers: headers, body: Array(body.utf8))
        }
    }

    // MARK: - Check-ins

    private func checkIns() async throws {
        let state = "\(common.folder)/hot"
        if !FileManager.default.fileExists(atPath: state) { try await FleetFile.fill(state, zone: zone, count: 100) }
        let server = try ServeCommand.parse([
            "--folder", common.folder, "--plain", "--state", state, "--zone", zone, "--dns-port", "\(dnsPort)",
            "--acme-port",
            "\(acmePort)",
        ])
        let iterations = iterations
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.serve { continuation.yield($0) } }
            group.addTask {
                for await port in ports {
                    try Self.send(iterations, to: UInt16(port))
                    break
                }
            }
            try await group.next()
            group.cancelAll()
        }
    }

    private static func send(_ count: Int, to port: UInt16) throws {
        let socket = try LoopbackSocket(port: port)
        defer { socket.close() }
        let body = "{\"addresses\":[\"\(FleetFile.address(1))\"]}"
        let request = Array(
            ("POST /v1/check-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                + "Authorization: Bearer \(FleetFile.credential(1).reveal())\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
                + body).utf8)
        for _ in 0..<count {
            try socket.write(request)
            var answer: [UInt8] = []
            // The answer's body is one object without another in its last place.
            repeat { answer += try socket.readSome(4_096) } while !answer.ends(with: "}".utf8)
            guard answer.starts(with: "HTTP/1.1 200".utf8) else {
                throw BenchFailure("a check-in was answered with \(String(decoding: answer, as: UTF8.self))")
            }
        }
    }
}

extension Array where Element: Equatable {
    fileprivate func ends(with end: some BidirectionalCollection<Element>) -> Bool {
        count >= end.count && suffix(end.count).elementsEqual(end)
    }
}
