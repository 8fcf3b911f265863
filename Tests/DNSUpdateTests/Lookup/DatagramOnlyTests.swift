import DNSUpdate
import TestSupport
import Testing

@Suite("A name server that takes datagrams and no connections")
struct DatagramOnlyTests {
    private static let script: FaultProxy.Script = { passing in passing.transport == .tcp ? [.reset] : [.pass] }

    private func with(_ body: (Devices, FaultProxy) async throws -> Void) async throws {
        try await Devices.with { devices in
            try await FaultProxy.with(serverPort: devices.named.port, script: Self.script) { proxy in
                try await body(devices, proxy)
            }
        }
    }

    @Test("many challenges at once: its connection is given up, and each of them is looked up by datagrams")
    func challenges() async throws {
        try await with { devices, proxy in
            let client = devices.client()
            let challenges = try (0..<100).map {
                PropagationCheck.Challenge(name: try devices.name("_acme-challenge.dev\($0)"), value: "value-\($0)")
            }
            let operations = challenges.map { UpdateOperation.add($0.name, ttl: 60, .txt(TextData($0.value))) }
            try await client.send(UpdateMessage(zone: devices.zone, operations: operations))
            await client.close()
            let watch = PropagationWatch()
            let check = PropagationCheck(watch: watch)
            try await withThrowingTaskGroup(of: PropagationReport.self) { group in
                for challenge in challenges {
                    group.addTask {
                        try await check.wait(
                            for: [challenge], in: devices.zone, primary: devices.named.endpoint,
                            servers: [devices.named.endpoint, proxy.endpoint], timeout: .seconds(120))
                    }
                }
                for try await report in group { #expect(report.isComplete) }
            }
            await watch.close()
            let datagrams = proxy.messages.count { $0.transport == .udp && $0.direction == .toServer }
            #expect(datagrams >= challenges.count)
        }
    }

    @Test("an answer that does not fit in a datagram is a failure that names the connection, not an empty answer")
    func truncated() async throws {
        try await with { devices, proxy in
            let client = devices.client()
            let long = try (0..<40).map { index in
                UpdateOperation.add(
                    try devices.name("long"), ttl: 60, .txt(TextData("\(index)" + String(repeating: "x", count: 100))))
            }
            try await client.send(UpdateMessage(zone: devices.zone, operations: long))
            await client.close()
            let failure = await #expect(throws: LookupFailure.self) {
                try await AuthoritativeLookup().query(devices.name("long"), .txt, at: proxy.endpoint)
            }
            #expect(failure?.message.contains("\(proxy.port)") == true, "\(String(describing: failure))")
        }
    }

    @Test("an update there ends as not reached or not answered, and never as done")
    func update() async throws {
        try await with { devices, proxy in
            let client = devices.client(at: proxy.endpoint) { $0.timeout = .seconds(5) }
            let failure = try await client.failure(of: devices.address("dev1"))
            #expect(failure.isTemporary, "\(failure)")
            #expect(failure.hint.contains("read the records") || failure.hint.contains("TCP"), "\(failure.hint)")
            await client.close()
            #expect(try await devices.addresses() == [:])
        }
    }
}
