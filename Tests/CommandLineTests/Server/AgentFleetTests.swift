import TestSupport
import Testing

@Suite("Twenty ddns-acme-agent as processes of their own, beside ddns-acme serve")
struct AgentFleetTests {
    @Test("half of them move, two are suspended, one is removed, one is away: DNS, certificates and orders are right")
    func twenty() async throws {
        let folder = String(Site.program.dropLast("/ddns-acme".count))
        let output = try await Peer.run(
            path: Tool.packageRoot + "/scripts/fleet-run", ["--programs", folder], within: .seconds(900))
        #expect(output.succeeded, "\(output)")
        #expect(output.lines.count { $0.hasPrefix("node") && $0.hasSuffix(" ok") } == 20, "\(output)")
        #expect(output.standardOutput.contains("orders at the CA: 37, needed: 37; certificates: 37;"), "\(output)")
    }
}
