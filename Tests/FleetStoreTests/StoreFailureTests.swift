import Foundation
import GRDB
import TestSupport
import Testing

@testable import FleetStore

@Suite("What can be wrong with a state directory")
struct StoreFailureTests {
    private func failure(_ path: String) async -> FleetStoreError? {
        await #expect(throws: FleetStoreError.self) {
            try await SQLiteFleetStore.open(directory: path, lockTimeout: .milliseconds(20))
        }
    }

    @Test("The directory is made 0700 and every file in it 0600, also one that was not")
    func modes() async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.path("state")
            let store = try await SQLiteFleetStore.open(directory: path)
            _ = try await store.makeDevice()
            func mode(_ path: String) throws -> Int? {
                try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            }
            #expect(try mode(path) == 0o700)
            let files = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
            #expect(files == ["fleet.lock", "fleet.sqlite", "fleet.sqlite-shm", "fleet.sqlite-wal"])
            for file in files { #expect(try mode("\(path)/\(file)") == 0o600, "\(file)") }
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: store.path)
            _ = try await SQLiteFleetStore.open(directory: path)
            #expect(try mode(store.path) == 0o600)
        }
    }

    @Test("Whether it can be written is found out by writing, which changes nothing")
    func proof() async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.path("state")
            let store = try await SQLiteFleetStore.open(directory: path)
            let before = try await store.read { try Int.fetchOne($0, sql: "PRAGMA user_version") }
            try await store.proveWritable()
            #expect(try await store.read { try Int.fetchOne($0, sql: "PRAGMA user_version") } == before)
            // As when the file belongs to somebody else: reading goes on.
            try await store.write { try $0.execute(sql: "PRAGMA query_only = 1") }
            #expect(try await store.device(named: "none.example.com") == nil)
            await #expect {
                try await store.proveWritable()
            } throws: {
                ($0 as? FleetStoreError)?.isForWantOfRoom == true
            }
        }
    }

    @Test("A directory that others may write to is refused", arguments: [0o777, 0o1777, 0o770, 0o702])
    func insecure(mode: Int) async throws {
        try await TemporaryDirectory.with { directory in
            let path = try directory.makeFolder("state", mode: mode)
            let error = await failure(path)
            #expect(error?.code == .insecureDirectory)
            #expect(error?.hint.contains("chmod") == true)
            #expect(try FileManager.default.contentsOfDirectory(atPath: path).isEmpty)
        }
    }

    @Test("A file in the directory's place, and a parent that is none, are named as what they are")
    func notADirectory() async throws {
        try await TemporaryDirectory.with { directory in
            let file = try directory.write("", to: "file")
            #expect(await failure(file)?.code == .notADirectory)
            #expect(await failure("\(file)/state")?.code == .notADirectory)
            let missing = await failure(directory.path("a/b"))
            #expect(missing?.code == .notWritable)
            #expect(missing?.message.contains("/a/b") == true)
        }
    }

    @Test("A directory that this user may not write to ends in one typed error, also for a user who is not root")
    func notWritable() async throws {
        try await TemporaryDirectory.with { directory in
            let path = try directory.makeFolder("state", mode: 0o555)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory.path)
            await #expect(processExitsWith: .success) { [path = path as String] in
                // Root may write anywhere, so it becomes nobody first.
                if geteuid() == 0, setgid(65_534) != 0 || setuid(65_534) != 0 { exit(3) }
                let error = await #expect(throws: FleetStoreError.self) {
                    try await SQLiteFleetStore.open(directory: path)
                }
                #expect(error?.code == .notWritable)
                #expect(error?.message.contains(path) == true && error?.message.contains("denied") == true)
                #expect(error?.hint.contains("chown") == true)
            }
        }
    }

    @Test("On a full disk the call fails as such, nothing of it is stored, and with room again all goes on")
    func diskFull() async throws {
        try await withStore { store, _ async throws in
            let before = try await store.makeDevice()
            try await store.write { db in
                let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
                try db.execute(sql: "PRAGMA max_page_count = \(pages)")
            }
            let many = (0..<2000).map { NewDevice(name: "many\($0).devices.example.com", zone: "devices.example.com") }
            let error = await #expect(throws: FleetStoreError.self) { try await store.addDevices(many) }
            #expect(error?.code == .diskFull)
            #expect(error?.message.contains("SQLite 13") == true)
            #expect(try await store.devices(DeviceFilter(), after: nil, limit: 10).items == [before])
            try await store.write { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }
            #expect(try await store.addDevices(many) == 2000)
            try await store.verifyIntegrity()
        }
    }

    @Test("A file-size limit in the middle of a write is reported, and costs nothing that was stored")
    func fileSizeLimit() async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.path("state")
            await #expect(processExitsWith: .success) { [path = path as String] in
                let store = try await SQLiteFleetStore.open(directory: path)
                signal(SIGXFSZ, SIG_IGN)
                var limit = rlimit(rlim_cur: 1 << 20, rlim_max: 1 << 20)
                guard setrlimit(__rlimit_resource_t(1), &limit) == 0 else { exit(3) }
                var failed: FleetStoreError?
                for block in 0..<1000 where failed == nil {
                    let new = (0..<100).map { number in
                        NewDevice(name: "d\(block)-\(number).devices.example.com", zone: "devices.example.com")
                    }
                    do throws(FleetStoreError) { _ = try await store.addDevices(new) } catch { failed = error }
                }
                #expect(failed?.code == .inputOutput || failed?.code == .diskFull)
                #expect(failed?.hint.contains("ulimit") == true || failed?.code == .diskFull)
            }
            let store = try await SQLiteFleetStore.open(directory: path)
            try await store.verifyIntegrity()
            var count = 0
            var next: String?
            repeat {
                let page = try await store.devices(DeviceFilter(), after: next, limit: 10_000)
                count += page.items.count
                next = page.next
            } while next != nil
            #expect(count > 0 && count.isMultiple(of: 100))
        }
    }

    @Test("A file that is no database, or is another program's, is refused and left as it is")
    func notOurs() async throws {
        try await TemporaryDirectory.with { directory in
            let text = String(repeating: "this is a text, not a database. ", count: 64)
            _ = try directory.makeFolder("text")
            let file = try directory.write(text, to: "text/fleet.sqlite")
            #expect(await failure(directory.path("text"))?.code == .corrupt)
            #expect(try TemporaryDirectory.text(of: file) == text)

            _ = try directory.makeFolder("other")
            let other = try DatabaseQueue(path: directory.path("other/fleet.sqlite"))
            try await other.write { try $0.execute(sql: "CREATE TABLE bookmarks (url TEXT)") }
            #expect(await failure(directory.path("other"))?.code == .corrupt)
            try await other.write { try $0.execute(sql: "PRAGMA application_id = 42") }
            let error = await failure(directory.path("other"))
            #expect(error?.code == .corrupt)
            #expect(error?.message.contains("42") == true)
            #expect(try await other.read { try $0.tableExists("devices") } == false)
        }
    }

    @Test("Damage inside the file is found by a check and named, and never read as an empty store")
    func damaged() async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.path("state")
            let store = try await SQLiteFleetStore.open(directory: path)
            let new = (0..<500).map { NewDevice(name: "d\($0).devices.example.com", zone: "devices.example.com") }
            #expect(try await store.addDevices(new) == 500)
            try await store.verifyIntegrity()
            // Everything into the file itself, so that no page is read from the write-ahead log.
            try await store.pool.writeWithoutTransaction { db in _ = try db.checkpoint(.truncate) }
            try store.close()

            let handle = try #require(FileHandle(forUpdatingAtPath: store.path))
            let size = try handle.seekToEnd()
            for offset in stride(from: UInt64(4096), to: size, by: 4096) {
                try handle.seek(toOffset: offset)
                try handle.write(contentsOf: Data(repeating: 0xA5, count: 512))
            }
            try handle.close()

            let error = await #expect(throws: FleetStoreError.self) {
                let damaged = try await SQLiteFleetStore.open(directory: path)
                _ = try await damaged.devices(DeviceFilter(), after: nil, limit: 1000)
                try await damaged.verifyIntegrity()
            }
            #expect(error?.code == .corrupt)
            #expect(error?.hint.contains("backup") == true)
        }
    }

    @Test("A closed store says so")
    func closed() async throws {
        try await withStore { store, _ async throws in
            try store.close()
            let read = await #expect(throws: FleetStoreError.self) { try await store.accounts() }
            #expect(read?.code == .closed)
            let written = await #expect(throws: FleetStoreError.self) { try await store.makeDevice() }
            #expect(written?.code == .closed)
        }
    }

    @Test("Errors are equal by their code, and show no value that was to be stored")
    func errors() {
        let one = FleetStoreError(.busy, "one", hint: "wait")
        let two = FleetStoreError(.busy, "two", hint: "wait longer")
        #expect(one == two)
        #expect(one != FleetStoreError(.corrupt, "one", hint: "wait"))
        #expect(one.description == "one (wait)")
        let database = DatabaseError(
            resultCode: .SQLITE_CONSTRAINT_UNIQUE, message: "UNIQUE constraint failed: devices.name",
            sql: "INSERT INTO devices VALUES (?)", arguments: ["secret"])
        let mapped = FleetStoreError(database, path: "/state/fleet.sqlite")
        #expect(mapped.code == .conflict)
        #expect(!mapped.description.contains("secret") && !mapped.description.contains("INSERT"))
    }
}
