import Foundation
import GRDB
import Synchronization
import TestSupport
import Testing

@testable import FleetStore

@Suite("The schema")
struct SchemaTests {
    @Test("An empty directory gets the whole schema, every table STRICT, and the store's settings")
    func fresh() async throws {
        try await withStore { store, _ async throws in
            let loose = try await store.read { db in
                try String.fetchAll(
                    db,
                    sql: """
                        SELECT name FROM pragma_table_list
                        WHERE schema = 'main' AND type = 'table' AND strict = 0
                            AND name NOT LIKE 'sqlite%' AND name <> 'grdb_migrations'
                        """)
            }
            #expect(loose.isEmpty)
            let settings = try await store.write { db in
                try ["journal_mode", "synchronous", "foreign_keys", "application_id", "user_version"].map {
                    try String.fetchOne(db, sql: "PRAGMA \($0)") ?? ""
                }
            }
            // synchronous 2 is FULL.
            #expect(settings == ["wal", "2", "1", "\(Schema.applicationID)", "0"])
        }
    }

    @Test("A store of schema 1 keeps all that is in it")
    func fromVersionOne() async throws {
        try await TemporaryDirectory.with { directory in
            _ = try directory.makeFolder("state")
            let queue = try DatabaseQueue(path: directory.path("state/fleet.sqlite"))
            try Schema.migrator.migrate(queue, upTo: "1-first-light")
            try await queue.write { db in
                try db.execute(
                    sql: """
                        INSERT INTO devices VALUES (7, 'dev1.example.com', 'example.com', 'suspended', 1000, 'text',
                            '10.0.0.1 fd00::1', '10.0.0.1', 1, 2, NULL);
                        INSERT INTO device_tags VALUES ('canary', 'dev1.example.com');
                        INSERT INTO accounts VALUES ('https://ca/', NULL, 'mailto:a@example.com', 'key', 'valid', 3, 4);
                        """)
            }
            try queue.close()
            let store = try await SQLiteFleetStore.open(directory: directory.path("state"))
            let device = try #require(try await store.device(named: "dev1.example.com"))
            #expect(device.id.rawValue == 7 && device.state == .suspended && device.tags == ["canary"])
            #expect(device.addressesWanted == ["10.0.0.1", "fd00::1"] && device.addressesPublished == ["10.0.0.1"])
            #expect(device.stateChangedAt == Date(timeIntervalSince1970: 1))
            #expect(try await store.account(directoryURL: "https://ca/")?.contacts == ["mailto:a@example.com"])
            #expect(try await store.read(Schema.migrator.hasCompletedMigrations))
        }
    }

    @Test("A newer program's additions do not stop this one")
    func newerAndAdditive() async throws {
        try await TemporaryDirectory.with { directory in
            let store = try await SQLiteFleetStore.open(directory: directory.path("state"))
            let device = try await store.makeDevice()
            var newer = Schema.migrator
            newer.registerMigration("99-from-the-future") { db in
                try db.execute(
                    sql: """
                        ALTER TABLE devices ADD COLUMN colour TEXT NOT NULL DEFAULT 'grey';
                        CREATE TABLE novelties (id INTEGER PRIMARY KEY) STRICT;
                        """)
            }
            try newer.migrate(store.pool)
            // Beside it while it runs, and opened after it.
            #expect(try await store.makeDevice("dev2").state == .active)
            let later = try await SQLiteFleetStore.open(directory: directory.path("state"))
            #expect(try await later.device(device.id) == device)
            #expect(try await later.updateDevice(device.id, DeviceChange(description: "x")).description == "x")
        }
    }

    @Test("A store that needs a newer program is refused, with what to do")
    func tooNew() async throws {
        try await TemporaryDirectory.with { directory in
            let store = try await SQLiteFleetStore.open(directory: directory.path("state"))
            try await store.write { try $0.execute(sql: "PRAGMA user_version = \(Schema.version + 1)") }
            let error = await #expect(throws: FleetStoreError.self) {
                try await SQLiteFleetStore.open(directory: directory.path("state"))
            }
            #expect(error?.code == .newerSchema)
            #expect(error?.hint.contains("newer ddns-acme") == true)
        }
    }

    @Test("A word of a newer program is reported, not guessed at")
    func unknownWord() async throws {
        try await withStore { store, _ async throws in
            let device = try await store.makeDevice()
            try await store.write { try $0.execute(sql: "UPDATE devices SET state = 'quarantined'") }
            let error = await #expect(throws: FleetStoreError.self) { try await store.device(device.id) }
            #expect(error?.code == .newerSchema)
            #expect(error?.message.contains("quarantined") == true)
        }
    }

    @Test(
        "Instants survive to the millisecond, and impossible ones do not trap",
        arguments: [
            0, 1_800_000_000.123, -5.5, Date.distantFuture.timeIntervalSince1970,
            Date.distantPast.timeIntervalSince1970, 1e300, -1e300, .infinity, -.infinity,
        ] as [TimeInterval])
    func instants(seconds: TimeInterval) {
        let stored = Date(timeIntervalSince1970: seconds).milliseconds
        let bound = 9e12
        #expect(abs(Date(milliseconds: stored).timeIntervalSince1970 - min(max(seconds, -bound), bound)) < 0.001)
    }
}

@Suite("100,000 devices")
struct LargeFleetTests {
    /// Statements that may walk a whole table: it holds one row per CA, one per process of the last day,
    /// or what is read once, when a server starts.
    private static let smallTables = ["accounts", "owners", "fencing", "publication_pauses"]

    @Test("Every statement of every method finds its rows by an index and sorts by it, in a fleet of 100,000")
    func indexes() async throws {
        try await TemporaryDirectory.with { directory in
            let statements = Mutex<Set<String>>([])
            let time = WallTime()
            let store = try await SQLiteFleetStore.open(
                directory: directory.path("state"), clock: time.clock,
                configure: { configuration in
                    configuration.prepareDatabase { db in
                        db.trace { event in
                            guard case .statement(let statement) = event else { return }
                            _ = statements.withLock { $0.insert(statement.sql) }
                        }
                    }
                })
            let fleet = (0..<100_000).map { number in
                NewDevice(
                    name: "dev\(number).devices.example.com", zone: "devices.example.com",
                    tags: number.isMultiple(of: 100) ? ["canary"] : [], addressesWanted: ["10.0.0.1"])
            }
            #expect(try await store.addDevices(fleet) == 100_000)
            try await store.write { try $0.execute(sql: "ANALYZE") }
            statements.withLock { $0 = [] }
            try await callEverything(store, time)

            let seen = statements.withLock { $0 }.filter { sql in
                ["SELECT", "INSERT", "UPDATE", "DELETE"].contains { sql.hasPrefix($0) } && !sql.contains("sqlite_")
            }
            #expect(seen.count > 40)
            for sql in seen.sorted() {
                let plan = try await store.write { db in
                    let statement = try db.makeStatement(sql: "EXPLAIN QUERY PLAN " + sql)
                    // Parameters that are not bound are NULL; the plan does not depend on them.
                    statement.setUncheckedArguments([])
                    return try Row.fetchAll(statement).map { try $0.decode(String.self, forColumn: "detail") }
                }
                for step in plan where step.contains("SCAN") || step.contains("TEMP B-TREE") {
                    // Walking an index in the order asked for, up to the limit, is what a page is.
                    let isPage = step.hasPrefix("SCAN") && step.contains("USING INDEX") && sql.contains("LIMIT")
                    // All standings are read once, when the server starts.
                    let isStart = step.hasPrefix("SCAN credentials") && sql.hasSuffix("LIMIT -1")
                    // What counts the whole fleet, in the plan of renewals and in a forecast, looks at all of it.
                    let isWhole = sql.contains("GROUP BY 1") || sql.contains("SELECT min(tag)")
                    let isSmall = Self.smallTables.contains { step.hasPrefix("SCAN \($0)") }
                    let isOfSmall = step.contains("TEMP B-TREE") && sql.contains("FROM owners")
                    #expect(
                        isPage || isStart || isWhole || isSmall || isOfSmall || step == "SCAN CONSTANT ROW",
                        "\(sql)\n→ \(step)")
                }
            }
        }
    }

    /// Calls every method once, with every combination of filters.
    private func callEverything(_ store: SQLiteFleetStore, _ time: WallTime) async throws {
        let device = try await store.makeDevice("one", addresses: ["10.0.0.9"], tags: ["x"])
        for zone in [nil, "devices.example.com"] {
            for state in [nil, Device.State.active] {
                for tag in [nil, "canary"] {
                    for (prefix, after) in [(nil, nil), ("dev9", nil), ("dev9", "dev95"), (nil, "dev5")]
                        as [(String?, String?)]
                    {
                        let filter = DeviceFilter(zone: zone, state: state, tag: tag, namePrefix: prefix)
                        #expect(try await store.devices(filter, after: after, limit: 10).items.count == 10)
                    }
                }
            }
        }
        _ = try await store.updateDevice(device.id, DeviceChange(tags: ["y"]))
        try await store.recordPublishedAddresses(["10.0.0.1"], of: device.id)
        #expect(try await store.devicesAwaitingPublication(zone: device.zone, limit: 10).count == 10)
        try await store.notePublicationPause(PublicationPause(device: device.id, failures: 2, until: time.now))
        #expect(try await store.publicationPauses().map(\.failures) == [2])
        try await store.clearPublicationPause(of: device.id)
        try await store.recordSightings([device.id: time.now])
        _ = try await store.saveAccount(NewAccount(directoryURL: testDirectoryURL, keyFile: "k"))
        _ = try await store.accounts()

        let lease = try #require(try await store.acquireLease("l", lifetime: .seconds(30)).lease)
        _ = try await store.renewLease(lease, lifetime: .seconds(30))
        let order = try await store.makeOrder(device)
        _ = try await store.advanceOrder(order.id, to: .created, OrderChange(orderURL: "u"), holding: lease)
        _ = try await store.order(url: "u")
        _ = try await store.openOrder(of: device.id, directoryURL: testDirectoryURL)
        _ = try await store.openOrders(after: nil, limit: 10)
        _ = try await store.orders(of: device.id, limit: 10)
        try await store.releaseLease(lease)

        let challenge = try await store.recordChallenge(
            NewChallenge(zone: device.zone, name: "n", value: "v", deviceID: device.id, orderID: order.id))
        try await store.setChallenge(challenge.id, .published)
        _ = try await store.challenges(of: order.id)
        _ = try await store.challenges(zone: device.zone)
        _ = try await store.orphanedChallenges(silentSince: time.now)
        _ = try await store.beginWithdrawal(of: challenge, holding: nil)
        try await store.removeChallenge(challenge.id)
        try await store.recordStray(NewChallenge(zone: device.zone, name: "n", value: "w"))

        let certificate = try await store.recordCertificate(
            NewCertificate(device, serial: "01", renewAt: time.now, pollAt: time.now, issued: time.now))
        _ = try await store.certificate(of: order.id)
        _ = try await store.currentCertificate(of: device.id)
        _ = try await store.certificates(of: device.id, limit: 10)
        #expect(try await store.certificatesDue(at: time.now, limit: 10).count == 1)
        #expect(try await store.certificatesToPoll(at: time.now, limit: 10).count == 1)
        try await store.setRenewalPlan(RenewalPlan(), of: certificate.id)
        try await store.recordRevocation(of: certificate.id, reason: 1, at: time.now)
        #expect(try await store.isCompromised(keyFingerprint: certificate.keyFingerprint))

        _ = try await store.take([RateLimitCharge(key: "k", burst: 1, period: .seconds(1))])
        _ = try await store.theoreticalArrival(of: "k")
        try await store.setTheoreticalArrival(nil, of: "k")
        try await store.appendAudit(NewAuditEntry(actor: "a", action: "b", subject: "c", origin: "d"))
        _ = try await store.auditEntries(subject: nil, before: nil, limit: 10)
        _ = try await store.auditEntries(subject: "c", before: nil, limit: 10)
        try await callControlServer(store, device, time)
    }

    private func callControlServer(_ store: SQLiteFleetStore, _ device: Device, _ time: WallTime) async throws {
        let audit = NewAuditEntry(actor: "a", action: "b", subject: "c", origin: "d")
        let hash = Array(repeating: UInt8(7), count: 32)
        let token = try await store.createToken(NewAccessToken(hash: hash, role: .enroll), audit: audit)
        _ = try await store.tokens(after: nil, limit: 10)
        #expect(try await store.useToken(hash: hash) == nil)
        let enrollment = NewEnrollment(
            tokenHash: hash, idempotencyKey: "k", device: NewDevice(name: device.name, zone: device.zone),
            mayReclaim: true, credentialHash: hash, holdTime: .seconds(1), origin: "d")
        _ = try await store.enroll(enrollment)
        let standing = try #require(try await store.standings(since: 0).standings.first)
        try await store.rotateCredential(
            of: device.id, used: standing.credentialID, newHash: [1], overlapEnd: time.now, audit: audit)
        try await store.confirmCredential(standing.credentialID)
        _ = try await store.updateDevice(device.id, DeviceChange(state: .removed))
        time.advance(by: 1)
        _ = try await store.enroll(enrollment)
        time.advance(by: -1)
        _ = try await store.updateDevice(device.id, DeviceChange(state: .removed))
        time.advance(by: 2)
        var another = enrollment
        another.idempotencyKey = nil
        _ = try await store.enroll(another)
        _ = try await store.hasDevices(oneLabelBelow: device.name)
        let request = try await store.saveRequest(
            NewCertificateRequest(
                deviceID: device.id, csr: [1], names: [device.name], keyFingerprint: "ab", dueAt: time.now))
        _ = try await store.requestsDue(at: time.now, limit: 10)
        _ = try await store.requestsToRenew(at: time.now, quartersGone: 1, limit: 10)
        _ = try await store.dueWork(after: .distantPast, upTo: time.now)
        _ = try await store.hurryRequest(of: device.id)
        _ = try await store.plannedRenewals()
        _ = try await store.requestsRecalled(windowsEndedBefore: time.now, limit: 10)
        _ = try await store.fleetOutlook()
        _ = try await store.scheduleRequest(of: device.id, at: time.now)
        try await store.failRequest(request, problem: "p", retryAt: time.now)
        try await store.settleRequest(request)
        _ = try await store.standings(since: 1)
        _ = try await store.census(at: time.now)
        _ = try await store.revokeToken(token.id, audit: audit)
    }
}
