import ACME
import DNSUpdate
import Foundation
import TestSupport
import Testing

@testable import FleetStore
@testable import Issuance

@Suite("dns-01 against real servers: by value, all at once, everywhere, and gone afterwards (RFC 8555 §8.4)")
struct DNS01SolverTests {
    private static let stranger = "\"a challenge of another client\""

    @Test("the apex and the wildcard of a name share a place: both values go out in one message, a stranger's survives")
    func wildcard() async throws {
        try await withSite { direct in
            try await direct.addStranger()
            try await FaultProxy.with(serverPort: direct.named.port) { proxy in
                try await direct.with(port: proxy.port) { site in
                    let tasks = [try site.task("a"), try site.task("b")]
                    try await site.solver.present(tasks)
                    #expect(proxy.messages.count { $0.direction == .toServer && $0.isChange } == 1)
                    try await site.solver.confirm(tasks) { _ in }
                    #expect(try await site.held() == ([Self.stranger] + tasks.map(\.value)).sorted())
                    #expect(try await site.ledger().map(\.state) == [.published, .published])
                    #expect(await site.solver.withdraw(tasks) == [])
                    #expect(try await site.held() == [Self.stranger])
                    #expect(try await site.ledger() == [])
                }
            }
        }
    }

    @Test("presented twice, withdrawn twice: no error, nothing left")
    func idempotence() async throws {
        try await withSite { site in
            let tasks = [try site.task("a")]
            try await site.solver.present(tasks)
            try await site.solver.present(tasks)
            #expect(try await site.held() == tasks.map(\.value))
            #expect(await site.solver.withdraw(tasks) == [])
            #expect(await site.solver.withdraw(tasks) == [])
            #expect(try await site.held() == [])
        }
    }

    @Test("the record is in the ledger before the primary hears of it")
    func ledgerFirst() async throws {
        try await withSite { direct in
            let noted = Watched<[Int]>([])
            let script: FaultProxy.Script = { passing in
                if passing.direction == .toServer, passing.isChange {
                    let entries = (try? await direct.ledger().count) ?? -1
                    noted.update { $0.append(entries) }
                }
                return [.pass]
            }
            try await FaultProxy.with(serverPort: direct.named.port, script: script) { proxy in
                try await direct.with(port: proxy.port) { site in
                    try await site.solver.present([try site.task("a")])
                    #expect(noted.read { $0 } == [1])
                }
            }
        }
    }

    @Test("nothing is confirmed before a secondary without NOTIFY has it")
    func laggingSecondary() async throws {
        try await withSite { primary in
            let secondary = NamedConfiguration([.secondary(Fixture.zone, of: [primary.named.port])])
            try await NamedServer.with(secondary) { secondary in
                try await poll("the secondary to have the zone") {
                    try await secondary.values(Fixture.zone, "SOA").first
                }
                try await primary.with(port: primary.named.port, servers: [primary.named.port, secondary.port]) {
                    site in
                    let tasks = [try site.task("a")]
                    try await site.solver.present(tasks)
                    let events = Watched<[String]>([])
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        group.addTask {
                            try await site.solver.confirm(tasks) { text in events.update { $0.append(text) } }
                            events.update { $0.append("confirmed") }
                        }
                        try await events.wait(for: "the solver to name the secondary") { events in
                            events.contains { $0.contains("127.0.0.1:\(secondary.port)") } ? true : nil
                        }
                        events.update { $0.append("transfer") }
                        try await secondary.rndc("retransfer", Fixture.zone)
                        try await group.waitForAll()
                    }
                    let order = events.read { $0 }.filter { ["confirmed", "transfer"].contains($0) }
                    #expect(order == ["transfer", "confirmed"])
                    #expect(try await secondary.values(site.name, "TXT") == tasks.map(\.value))
                }
            }
        }
    }

    @Test("a server that never follows is named, with what it lacks, and the wait ends")
    func deadSecondary() async throws {
        try await withSite { primary in
            let dead = try LoopbackPort.reserve()
            var settings = DNS01Solver.Settings()
            settings.propagationTimeout = .milliseconds(300)
            try await primary.with(port: primary.named.port, servers: [primary.named.port, dead], settings: settings) {
                site in
                let tasks = [try site.task("a")]
                try await site.solver.present(tasks)
                let error = try await #require(throws: PropagationFailure.self) {
                    try await site.solver.confirm(tasks) { _ in }
                }
                #expect(error.message.contains("127.0.0.1:\(dead)"))
                #expect(!error.message.contains("127.0.0.1:\(site.named.port) "), "the primary is not at fault")
                #expect(await site.solver.evidence(tasks).count == 2)
                #expect(await site.solver.withdraw(tasks) == [])
                #expect(try await site.held() == [])
            }
        }
    }

    @Test("in a cancelled task nothing new is published, and what was published is withdrawn all the same")
    func cancellation() async throws {
        try await withSite { site in
            let tasks = [try site.task("a")]
            try await site.solver.present(tasks)
            let isCancelled = Watched(false)
            let remaining = await withTaskGroup(of: [String].self) { group in
                group.addTask {
                    _ = try? await isCancelled.wait(for: "the cancellation") { $0 ? true : nil }
                    return await site.solver.withdraw(tasks)
                }
                group.cancelAll()
                isCancelled.update { $0 = true }
                return await group.reduce(into: []) { $0 += $1 }
            }
            #expect(remaining == [])
            #expect(try await site.held() == [])
            #expect(try await site.ledger() == [])
        }
    }

    @Test("the answer to the publication is lost, or the publication itself: it goes on, and the record is there once")
    func silence() async throws {
        try await withSite { direct in
            for direction in [FaultProxy.Direction.toClient, .toServer] {
                let script: FaultProxy.Script = {
                    $0.isUpdate && $0.direction == direction && $0.connection == 1 ? [.close] : [.pass]
                }
                try await FaultProxy.with(serverPort: direct.named.port, script: script) { proxy in
                    let once = Patience(pauses: [.seconds(1)], sleep: { _ in })
                    try await direct.with(port: proxy.port, resending: once) { site in
                        let tasks = [try site.task("a")]
                        try await site.solver.present(tasks)
                        try await site.solver.confirm(tasks) { _ in }
                        #expect(try await site.held() == tasks.map(\.value))
                        #expect(await site.solver.withdraw(tasks) == [])
                    }
                }
            }
        }
    }

    @Test(
        "the primary is down when the publication is sent: it is sent again once it is back; one that stays down is said"
    )
    func restartBeforePublication() async throws {
        try await withSite { direct in
            let named = direct.named
            let back = Patience(pauses: [.seconds(1)]) { _ in try? await named.start() }
            try await direct.with(port: named.port, resending: back) { site in
                let tasks = [try site.task("a")]
                let other = [try site.task("b")]
                // The site is found while it is up.
                _ = await (site.solver.evidence(tasks), direct.solver.evidence(other))
                try await named.stop()
                try await site.solver.present(tasks)
                #expect(try await site.held() == tasks.map(\.value))
                try await named.stop()
                let error = try await #require(throws: UpdateFailure.self) { try await direct.solver.present(other) }
                #expect(error.code == .connectionRefused)
            }
        }
    }

    @Test("the primary restarts between publication and withdrawal: it is tried again until the record is gone")
    func restart() async throws {
        try await withSite { direct in
            let named = direct.named
            let pauses = Watched<[Duration]>([])
            let patience = Patience(pauses: [.seconds(1), .seconds(2)]) { duration in
                let isFirst = pauses.update { pauses in
                    pauses.append(duration)
                    return pauses.count == 1
                }
                // It comes back while the second pause lasts.
                if !isFirst { try? await named.start() }
            }
            try await direct.with(port: named.port, patience: patience) { site in
                let tasks = [try site.task("a")]
                try await site.solver.present(tasks)
                try await named.kill9()
                #expect(await site.solver.withdraw(tasks) == [])
                #expect(pauses.read { $0 } == [.seconds(1), .seconds(2)])
                #expect(try await site.held() == [])
                #expect(try await site.ledger() == [])
            }
        }
    }

    @Test("what cannot be withdrawn is said, stays in the ledger, and belongs to the next sweep")
    func remainder() async throws {
        try await withSite { site in
            let tasks = [try site.task("a")]
            try await site.solver.present(tasks)
            try await site.named.stop()
            let remaining = await site.solver.withdraw(tasks)
            #expect(remaining.count == 1 && remaining[0].contains(site.name))
            #expect(try await site.ledger().map(\.state) == [.withdrawing])
            try await site.named.start()
            #expect(try await site.held() == tasks.map(\.value))
            #expect(await site.solver.withdraw(tasks) == [])
            #expect(try await site.held() == [])
        }
    }

    @Test("what a living process could not withdraw is swept once it has had a minute for it, by whoever sweeps")
    func unfinishedWithdrawal() async throws {
        try await withSite { site in
            let tasks = [try site.task("a")]
            try await site.solver.present(tasks)
            try await site.named.stop()
            #expect(await site.solver.withdraw(tasks).count == 1)
            try await site.named.start()
            #expect(try await ChallengeSweeper(zones: site.zones, store: site.store).sweep() == [])
            #expect(try await site.held() == tasks.map(\.value))
            let later = try await SQLiteFleetStore.open(
                directory: site.folder.path("state"), clock: { Date() + 61 })
            let orphans = try await ChallengeSweeper(zones: site.zones, store: later).orphans()
            #expect(orphans.map(\.state) == [.withdrawing])
            #expect(try await ChallengeSweeper(zones: site.zones, store: later).sweep() == [])
            #expect(try await site.held() == [])
            #expect(try await site.ledger() == [])
            try later.close()
        }
    }

    @Test("a process that was stopped until another took its order over leaves that one's challenge in the zone")
    func lostLease() async throws {
        try await withSite { site in
            let tasks = [try site.task("a")]
            let lost = try #require(try await site.store.acquireLease("device:dev1", lifetime: .seconds(1)).lease)
            try await site.solver.present(tasks, holding: lost)
            let successor = try await SQLiteFleetStore.open(
                directory: site.folder.path("state"), clock: { Date() + 31 })
            let held = try #require(try await successor.acquireLease("device:dev1", lifetime: .seconds(30)).lease)
            let solver = DNS01Solver(zones: site.zones, store: successor)
            try await solver.present(tasks, holding: held)

            // Awake again.
            #expect(await site.solver.withdraw(tasks, of: site.order.id, holding: lost).count == 1)
            let error = try await #require(throws: FleetStoreError.self) {
                try await site.solver.present(tasks, holding: lost)
            }
            #expect(error.code == .leaseLost)
            #expect(try await site.held() == tasks.map(\.value))
            #expect(try await site.ledger().map(\.state) == [.published])
            #expect(await solver.withdraw(tasks, of: site.order.id, holding: held) == [])
            #expect(try await site.held() == [])
            try successor.close()
        }
    }

    @Test(
        "DESIGN §6 rule 9: what a process that died has left is swept; what a living one has is not, nor a stranger's")
    func sweep() async throws {
        try await withSite { site in
            try await site.addStranger()
            let alive = try site.task("alive")
            try await site.solver.present([alive])
            let gone = ProcessIdentity(
                hostName: "here", machineID: ProcessIdentity.current.machineID, bootID: "an earlier boot",
                namespaceID: ProcessIdentity.current.namespaceID, processID: 1, startTicks: 1)
            let dead = try await SQLiteFleetStore.open(
                directory: site.folder.path("state"), process: gone, configure: { _ in })
            let left = try site.task("left")
            try await DNS01Solver(zones: site.zones, store: dead).present([left])
            try dead.close()
            #expect(try await site.held() == [Self.stranger, alive.value, left.value].sorted())

            #expect(try await ChallengeSweeper(zones: site.zones, store: site.store).sweep() == [])
            #expect(try await site.held() == [Self.stranger, alive.value].sorted())
            #expect(try await site.ledger().count == 1)
        }
    }

    @Test("an entry of a zone that is not configured any more stays and is named")
    func forgottenZone() async throws {
        try await withSite { site in
            let record = try await site.store.recordChallenge(
                NewChallenge(zone: "old.example.org", name: "_acme-challenge.x.old.example.org", value: "v"))
            let withdrawal = ChallengeWithdrawal(
                store: site.store, zones: site.zones, patience: Patience(pauses: [], sleep: { _ in }))
            let remaining = await withdrawal.withdraw([record])
            #expect(remaining.count == 1 && remaining[0].contains("old.example.org"))
            #expect(try await site.store.challenges(zone: "old.example.org").count == 1)
        }
    }

    @Test("a policy without TXT refuses at once, and nothing is published")
    func policy() async throws {
        try await withSite(policy: "grant \"ddns-acme\" zonesub A AAAA;") { site in
            let tasks = [try site.task("a")]
            let error = try await #require(throws: UpdateFailure.self) { try await site.solver.present(tasks) }
            #expect(error.code == .refused && error.message.contains("TXT"))
            #expect(try await site.held() == [])
        }
    }

    // MARK: -

    private struct Site: Sendable {
        let named: NamedServer
        let key: TestTSIGKey
        let store: SQLiteFleetStore
        let folder: TemporaryDirectory
        let zones: ManagedZones
        let solver: DNS01Solver
        let order: OrderRecord
        let account: AccountKey
        let name = "_acme-challenge.dev1.\(Fixture.zone)"

        func task(_ token: String) throws -> ChallengeTask {
            ChallengeTask(
                identifier: try DomainName("dev1.\(Fixture.zone)"),
                answer: ChallengeAnswer(dns01: try KeyAuthorization(token: token, key: account)),
                deviceID: order.deviceID,
                orderID: order.id)
        }

        func held() async throws -> [String] { try await named.values(name, "TXT") }
        func ledger() async throws -> [ChallengeRecord] { try await store.challenges(zone: Fixture.zone) }

        func addStranger() async throws {
            try await named.nsupdate("update add \(name). 60 TXT \(DNS01SolverTests.stranger)", key: key)
        }

        func with(
            port: Int, servers: [Int]? = nil, settings: DNS01Solver.Settings = .init(),
            patience: Patience = Patience(pauses: [], sleep: { _ in }),
            resending: Patience = Patience(pauses: [], sleep: { _ in }),
            _ body: (Site) async throws -> Void
        ) async throws {
            let zones = ManagedZones([try .test(port: port, key: key, servers: servers)])
            let solver = DNS01Solver(
                zones: zones, store: store, settings: settings, patience: patience, resending: resending)
            try await body(
                Site(
                    named: named, key: key, store: store, folder: folder, zones: zones, solver: solver, order: order,
                    account: account))
            await zones.close()
        }
    }

    private func withSite(
        policy: String = "grant \"ddns-acme\" zonesub A AAAA TXT;", _ body: (Site) async throws -> Void
    ) async throws {
        let key = TestTSIGKey("ddns-acme")
        try await NamedServer.with(NamedConfiguration([.primary(Fixture.zone, policy: policy)], keys: [key])) { named in
            try await Fixture.withStore { store, folder in
                let device = try await store.ensureDevice(NewDevice(name: "dev1.\(Fixture.zone)", zone: Fixture.zone))
                    .device
                let order = try await store.beginOrder(
                    NewOrder(deviceID: device.id, directoryURL: "https://ca.example/dir", identifiers: [device.name]))
                let zones = ManagedZones([])
                let bare = Site(
                    named: named, key: key, store: store, folder: folder, zones: zones,
                    solver: DNS01Solver(zones: zones, store: store), order: order, account: AccountKey.generate())
                try await bare.with(port: named.port, body)
            }
        }
    }
}

extension ChallengeTask {
    /// As `dig +short` shows it.
    fileprivate var value: String { "\"\(answer.value)\"" }
}

extension DNS01Solver {
    fileprivate func withdraw(_ tasks: [ChallengeTask]) async -> [String] {
        var remaining: [String] = []
        for order in Set(tasks.map(\.orderID)) { remaining += await withdraw(tasks, of: order) }
        return remaining
    }
}

extension LeaseOutcome {
    fileprivate var lease: Lease? { if case .acquired(let lease) = self { lease } else { nil } }
}
