import ArgumentParser
import FleetAPI
import FoundationEssentials
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// `ddns-acme-bench load`: devices that check in over and over, and what they saw, as JSON.
///
/// A closed loop: each connection sends its next request when it has its answer. Requests are rendered before the clock
/// starts and answers are looked at no further than their status and length, so that this costs less than any server.
struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "load", shouldDisplay: false)

    struct Outcome: Codable {
        var requests: Int
        var failures: Int
        var seconds: Double
        /// Milliseconds.
        var median: Double
        var slowest1Percent: Double
    }

    /// Devices whose requests are rendered: enough that no cache of a processor holds them all.
    private static let sampleSize = 20_000

    @OptionGroup var common: SubjectOptions
    @Option var port: Int
    @Option var connections: Int
    @Option(help: "Milliseconds.") var duration: Int
    @Option(help: "Devices in the store.") var devices: Int
    @Option(help: "One in so many check-ins reports another address; 0: none.") var changeEvery = 0
    @Flag(help: "A new connection for each request.") var reconnects = false

    func run() async throws {
        let plan = try LoadPlan(
            requests: requests(), port: port, reconnects: reconnects, duration: .milliseconds(duration), tls: context())
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let outcome = try await plan.run(connections: connections, on: group.next())
        try await group.shutdownGracefully()
        print(String(decoding: try JSONEncoder().encode(outcome), as: UTF8.self))
    }

    private func context() throws -> NIOSSLContext? {
        guard !common.plain else { return nil }
        var configuration = TLSConfiguration.makeClientConfiguration()
        // The chain costs a device something, but not the server, which is what is measured.
        configuration.certificateVerification = .none
        return try NIOSSLContext(configuration: configuration)
    }

    /// In the order in which they are sent, over and over.
    private func requests() -> [ByteBuffer] {
        let count = min(devices, Self.sampleSize)
        let movers = changeEvery > 0 ? max(1, count / changeEvery) : 0
        let still = (movers..<count).map { render($0 * (devices / count), moved: 0) }
        guard movers > 0 else { return still }
        // Whoever moves does so each time it comes, there and back, so that it always brings a change.
        var moves: [ByteBuffer] = []
        for turn in 1...2 { moves += (0..<movers).map { render($0 * (devices / count), moved: turn) } }
        return still.enumerated().flatMap { index, request in
            (index + 1) % (changeEvery - 1) == 0
                ? [request, moves[(index / (changeEvery - 1)) % moves.count]] : [request]
        }
    }

    private func render(_ index: Int, moved: Int) -> ByteBuffer {
        let home = FleetFile.address(index)
        let address =
            moved == 0 ? home : "10.\(200 + moved)." + home.split(separator: ".").suffix(2).joined(separator: ".")
        let body = "{\"addresses\":[\"\(address)\"]}"
        return ByteBuffer(
            string: "POST /v1/check-in HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nContent-Type: application/json\r\n"
                + "Authorization: Bearer \(FleetFile.credential(index).reveal())\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
                + body)
    }
}
