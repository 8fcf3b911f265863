import DNSUpdate
import TestSupport
import Testing

/// Silence, restarts and servers that are gone (RFC 2136 §4.5, §5): what is known of the update, and what is not.
@Suite("Silence and unreachable servers")
struct UnknownOutcomeTests {
    @Test("RFC 2136 §5: a server that hangs is silence, and the update is applied all the same when it goes on")
    func hangingServer() async throws {
        try await Devices.with { devices in
            let client = devices.client { $0.timeout = .seconds(2) }
            try await client.probe()
            try await devices.named.pause()
            let failure = try await client.failure(of: devices.address("dev1"))
            #expect(failure.code == .noAnswer)
            #expect(failure.mayHaveBeenApplied && failure.isTemporary)
            #expect(failure.hint.contains("read the records before"))
            devices.named.resume()
            try await poll("the late update") {
                try await devices.named.values("dev1.devices.example.com", "A") == ["10.0.0.1"] ? true : nil
            }
            // A new connection: what is left on the old one belongs to the past.
            try await client.send(devices.address("dev2"))
            await client.close()
        }
    }

    @Test("A restarted server is found again without a failure")
    func restart() async throws {
        try await Devices.with { devices in
            let client = devices.client()
            try await client.send(devices.address("dev1"))
            try await devices.named.stop()
            try await devices.named.start()
            try await client.send(devices.address("dev2"))
            #expect(try await devices.named.values("dev2.devices.example.com", "A") == ["10.0.0.1"])
            await client.close()
        }
    }

    @Test("RFC 2136 §3.5: what was acknowledged is there after the server was killed and restarted")
    func killedServer() async throws {
        try await Devices.with { devices in
            let client = devices.client { $0.timeout = .seconds(5) }
            let acknowledged = Watched<Set<String>>([])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<400 {
                    group.addTask {
                        let label = "many\(number)"
                        let message = try devices.address(label)
                        do throws(UpdateFailure) {
                            try await client.send(message)
                            acknowledged.update { _ = $0.insert(label) }
                        } catch {
                            #expect([.noAnswer, .connectionRefused, .notSent].contains(error.code), "\(error)")
                        }
                    }
                }
                group.addTask {
                    try await acknowledged.wait(for: "some acknowledgements") { $0.count >= 20 ? true : nil }
                    try await devices.named.kill9()
                }
                try await group.waitForAll()
            }
            try await devices.named.start()
            let zone = try await devices.named.transfer(Devices.zoneText)
            let present = Set(zone.compactMap { $0.hasPrefix("many") ? String($0.prefix { $0 != "." }) : nil })
            #expect(acknowledged.read { $0.isSubset(of: present) })
            try await client.probe()
            await client.close()
        }
    }

    @Test("Nothing listens: connection refused, naming address and remedy; nothing was sent")
    func refusedConnection() async throws {
        let key = try TestTSIGKey("ddns-key").loaded()
        let zone = try DomainName(Devices.zoneText)
        let port = try LoopbackPort.reserve()
        let client = UpdateClient(zone: zone, primaries: [.loopback(port)], key: key)
        let failure = try await client.failure(of: UpdateMessage(zone: zone))
        #expect(failure.code == .connectionRefused)
        #expect(failure.isTemporary && !failure.mayHaveBeenApplied)
        #expect(failure.message.contains("127.0.0.1:\(port)"))
        #expect(failure.hint.contains("rndc status"))
        await client.close()
    }

    @Test("RFC 2136 §4.5: the next primary is tried when nothing was sent to the first, and kept while it answers")
    func nextPrimary() async throws {
        try await Devices.with { devices in
            let dead = DNSEndpoint.loopback(try LoopbackPort.reserve())
            let client = UpdateClient(
                zone: devices.zone, primaries: [dead, devices.named.endpoint], key: devices.key)
            for host in 1...2 as ClosedRange<UInt8> {
                let acknowledgement = try await client.send(devices.address("dev\(host)", host))
                #expect(acknowledgement.server == devices.named.endpoint)
            }
            await client.close()
        }
    }

    @Test("When no primary can be reached the failure names each of them")
    func noPrimary() async throws {
        let key = try TestTSIGKey("ddns-key").loaded()
        let zone = try DomainName(Devices.zoneText)
        let ports = [try LoopbackPort.reserve(), try LoopbackPort.reserve()]
        let client = UpdateClient(zone: zone, primaries: ports.map { .loopback($0) }, key: key)
        let failure = try await client.failure(of: UpdateMessage(zone: zone))
        #expect(failure.code == .connectionRefused)
        for port in ports { #expect(failure.message.contains("127.0.0.1:\(port)")) }
        await client.close()
    }

    @Test("RFC 2136 §5: an update that may have been applied is not sent to another primary")
    func noBlindRepeat() async throws {
        try await Devices.with { devices in
            let second = Watched(0)
            try await LoopbackTCPServer.with { connection in
                second.update { $0 += 1 }
                try await connection.stall()
            } _: { port in
                try await devices.named.pause()
                let client = UpdateClient(
                    zone: devices.zone, primaries: [devices.named.endpoint, .loopback(port)], key: devices.key,
                    settings: {
                        var settings = UpdateClient.Settings()
                        settings.timeout = .seconds(1)
                        return settings
                    }())
                #expect(try await client.failure(of: devices.address("dev1")).code == .noAnswer)
                #expect(second.read { $0 } == 0)
                devices.named.resume()
                await client.close()
            }
        }
    }

    // MARK: - Cancellation

    @Test("A cancelled task sends nothing; clean-up in a cancelled task is done")
    func cancelledBefore() async throws {
        try await Devices.with(records: "dev1 IN TXT \"x\"") { devices in
            let client = devices.client()
            let remove = devices.update(.deleteRRset(try devices.name("dev1"), .txt))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.cancelAll()
                group.addTask {
                    let failure = try await client.failure(of: remove)
                    #expect(failure.code == .cancelled && !failure.mayHaveBeenApplied)
                }
                try await group.waitForAll()
                #expect(try await devices.named.values("dev1.devices.example.com", "TXT") == ["\"x\""])
                group.addTask { try await client.send(remove, cancellation: .ignored) }
                try await group.waitForAll()
            }
            #expect(try await devices.named.values("dev1.devices.example.com", "TXT") == [])
            await client.close()
        }
    }

    @Test("Cancellation while an answer is awaited does not lose the outcome")
    func cancelledMeanwhile() async throws {
        try await Devices.with { devices in
            let release = Watched(false)
            try await FaultProxy.with(
                serverPort: devices.named.port,
                script: { passing in
                    if passing.direction == .toClient {
                        _ = try? await release.wait(for: "the cancellation") { $0 ? true : nil }
                    }
                    return [.pass]
                }
            ) { proxy in
                let client = devices.client(at: proxy.endpoint)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        try await client.send(devices.address("dev1"))
                        #expect(Task.isCancelled)
                    }
                    try await proxy.waitForMessages("the update") { !$0.isEmpty }
                    group.cancelAll()
                    release.update { $0 = true }
                    try await group.waitForAll()
                }
                await client.close()
            }
        }
    }

    @Test("After close() everything fails as closed")
    func closed() async throws {
        try await Devices.with { devices in
            let client = devices.client()
            try await client.probe()
            await client.close()
            #expect(try await client.failure(of: devices.update()).code == .closed)
        }
    }
}
