import DNSUpdate
import FoundationEssentials

/// A CA that is started for one turn and ended after it: pebble looks through all authorizations it has ever made for each
/// new order, ever longer, and may stop answering for good when that meets a validation.
struct FreshAuthority: Sendable {
    let authority: Authority
    private let process: ChildProcess

    static func start(_ bench: Bench) throws -> FreshAuthority {
        let authority = bench.freshCA
        let process = try ChildProcess.start(
            [
                bench.authorityProgram, "-strict", "-config", "\(authority.folder)/pebble.json", "-dnsserver",
                "127.0.0.1:\(bench.primary.port)",
            ], environment: ["PEBBLE_VA_NOSLEEP": "1"], log: "\(authority.folder)/pebble.log")
        _ = try process.line(within: .seconds(20)) { $0.contains("ACME directory available") }
        return FreshAuthority(authority: authority, process: process)
    }

    var figures: ProcessFigures { process.figures }

    func stop() { _ = try? process.terminate() }
}
