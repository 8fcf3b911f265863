import ACME
import ArgumentParser
import ControlServer
import DNSUpdate
import FleetAPI
import FoundationEssentials

/// `ddns-acme-bench hot`: one hot path, so many times, to be counted by valgrind; on one thread and without any task.
struct HotCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "hot", shouldDisplay: false)

    private static let now: UInt64 = 1_800_000_000

    @Argument var path: HotPath
    @Option var iterations: Int
    @Option(help: "The file with the TSIG key.") var key: String

    func run() throws {
        let body = try path.isOfDNS ? updates() : path == .request ? request() : path == .checkIn ? checkIn() : answer()
        for _ in 0..<iterations { try body() }
    }

    // MARK: - DNS

    private func updates() throws -> () throws -> Void {
        let key = try TSIGKeyFile.load(key).key()
        let zone = try DomainName("devices.example.com")
        let changes = try UpdateWork(zone: zone, prefix: "hot").next(100)
        let message = UpdateMessage(zone: zone, operations: changes.flatMap(\.operations))
        let wire = try message.wire(id: 1)
        // A request does not verify as an answer; the work up to that verdict is that for a good one.
        let small = try TSIGSigner.sign(UpdateMessage(zone: zone).wire(id: 7), key: key, now: Self.now)
        return switch path {
        case .signature: { _ = try TSIGSigner.sign(wire, key: key, now: Self.now) }
        case .verification: { _ = TSIGVerifier.verify(small.wire, to: small.context, now: Self.now) }
        default: { _ = try message.wire(id: 1) }
        }
    }

    // MARK: - ACME

    /// A POST as the client sends it eight times or so for a certificate.
    private func request() throws -> () throws -> Void {
        let key = AccountKey.generate()
        let account = try ACMEURL("https://ca.example/account/1")
        let url = try ACMEURL("https://ca.example/order/1")
        let payload = Array(#"{"identifiers":[{"type":"dns","value":"dev1.devices.example.com"}]}"#.utf8)
        return { _ = try key.signedBody(account: account, nonce: "bm9uY2U", url: url, payload: payload) }
    }

    // MARK: - Check-ins

    private func checkIn() throws -> () throws -> Void {
        let body = Array(
            (#"{"addresses":["10.0.0.5","fd00::5"],"certificate":{"serial":"7a0000000000002a","#
                + #""notAfter":"2027-01-01T00:00:00Z"}}"#).utf8)
        return { _ = CheckInRequest(plain: body) }
    }

    private func answer() throws -> () throws -> Void {
        let time = try JSONDecoder().decode([Timestamp].self, from: Data(#"["2027-01-01T00:00:00Z"]"#.utf8))
        let answer = CheckInResponse(
            name: "dev1.devices.example.com", addresses: ["10.0.0.5", "fd00::5"],
            certificate: CertificateDirective(action: .none, notAfter: time.first, renewAt: time.first),
            checkInAfter: 300)
        return { _ = answer.json }
    }
}
