import DNSUpdate
import NIOCore
import TestSupport
import Testing

/// What happens to a server while it works for us.
@Suite("Engine: a server that is reconfigured, restarted, given other keys, or has no connection to spare")
struct EngineServerTests {
    /// Carries out a change as a caller does to whom it matters: again while the failure may pass.
    private func insist(_ change: ZoneChange, _ engine: UpdateEngine) async throws {
        try await poll("\(change.name) to be published", every: .milliseconds(50)) {
            do throws(UpdateFailure) {
                try await engine.submit(change)
                return true
            } catch {
                guard error.isTemporary else { throw error }
                return nil
            }
        }
    }

    @Test("rndc reload, reconfig and a restart under load: everything is there in the end, once")
    func reconfigured() async throws {
        try await Devices.with { devices in
            let engine = devices.engine(timeout: .seconds(5))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for device in 1...8 {
                    group.addTask {
                        for host in 1...20 {
                            let stale = host > 1 ? [UInt8(host - 1)] : []
                            try await insist(try devices.state("dev\(device)", UInt8(host), stale: stale), engine)
                        }
                    }
                }
                for _ in 1...3 {
                    try await devices.named.rndc("reload")
                    try await devices.named.rndc("reconfig")
                }
                try await devices.named.stop()
                try await devices.named.start()
                try await devices.named.rndc("reload")
                try await group.waitForAll()
            }
            let expected = Dictionary(uniqueKeysWithValues: (1...8).map { ("dev\($0)", Set(["10.0.0.20"])) })
            #expect(try await devices.addresses() == expected)
        }
    }

    @Test("RFC 8945 §5.2: the old key is taken away with updates in flight; the new one goes on, and nothing fails")
    func rotation() async throws {
        let (old, new) = (TestTSIGKey("old-key"), TestTSIGKey("new-key"))
        try await Devices.with(
            key: old, policy: "grant \"old-key\" zonesub ANY; grant \"new-key\" zonesub ANY;",
            configure: { $0.keys.append(new) }
        ) { devices in
            let engine = UpdateEngine(
                client: devices.client(), successors: [devices.client(key: try new.loaded())])
            let served = Watched(0)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for device in 1...4 {
                    group.addTask {
                        for host in 1...40 {
                            let stale = host > 1 ? [UInt8(host - 1)] : []
                            try await engine.submit(try devices.state("dev\(device)", UInt8(host), stale: stale))
                            served.update { $0 += 1 }
                        }
                    }
                }
                try await served.wait(for: "updates to flow") { $0 >= 20 ? true : nil }
                // The name stays, the secret is another one: BADSIG for what is signed with the old one.
                let text = try devices.named.directory.read("named.conf")
                try devices.named.directory.write(
                    text.replacing(old.statement, with: TestTSIGKey("old-key").statement), to: "named.conf")
                try await devices.named.rndc("reconfig")
                try await group.waitForAll()
            }
            #expect(engine.acceptedKey.name == (try DomainName("new-key")))
            let expected = Dictionary(uniqueKeysWithValues: (1...4).map { ("dev\($0)", Set(["10.0.0.40"])) })
            #expect(try await devices.addresses() == expected)
        }
    }

    @Test("tcp-clients used up by others: the update ends at its timeout, not later, and the next one is carried out")
    func noConnectionLeft() async throws {
        try await Devices.with(configure: { $0.options["tcp-clients"] = "5" }) { devices in
            let holders = (0..<10).map { _ in devices.client { $0.timeout = .seconds(1) } }
            await withTaskGroup(of: Void.self) { group in
                for holder in holders { group.addTask { _ = try? await holder.probe() } }
            }
            let engine = devices.engine(timeout: .seconds(1))
            let ending = await engine.endings(of: [try devices.state("dev1", 7)])
            #expect(ending[0].failure?.isTemporary == true, "\(ending)")
            for holder in holders { await holder.close() }
            try await insist(try devices.state("dev1", 8, stale: [7]), engine)
            try await poll("the newer wish alone") {
                // The server may read the one that was given up when its connection's turn comes, after the newer one.
                _ = try await engine.settleDoubts()
                return try await devices.addresses() == ["dev1": ["10.0.0.8"]] ? true : nil
            }
        }
    }
}
