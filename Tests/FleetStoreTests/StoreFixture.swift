import FleetStore
import Foundation
import Synchronization
import TestSupport

/// A wall clock that a test sets.
final class WallTime: Sendable {
    private let date: Mutex<Date>

    init(_ date: Date = Date(timeIntervalSince1970: 1_800_000_000)) { self.date = Mutex(date) }

    var now: Date { date.withLock { $0 } }
    func advance(by seconds: TimeInterval) { date.withLock { $0 += seconds } }
    var clock: SQLiteFleetStore.Clock { { self.now } }
}

/// Lends a store of its own and the clock it runs by.
func withStore(_ body: (SQLiteFleetStore, WallTime) async throws -> Void) async throws {
    try await TemporaryDirectory.with { directory in
        let time = WallTime()
        let store = try await SQLiteFleetStore.open(directory: directory.path("state"), clock: time.clock)
        try await body(store, time)
        try store.close()
    }
}

extension TemporaryDirectory {
    /// Makes a folder in it with exactly that mode and returns its path.
    func makeFolder(_ name: String, mode: Int = 0o700) throws -> String {
        try FileManager.default.createDirectory(atPath: path(name), withIntermediateDirectories: false)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path(name))
        return path(name)
    }
}

let testDirectoryURL = "https://ca.example/directory"

extension DeviceStore {
    /// The device `label.devices.example.com`, made now.
    func makeDevice(_ label: String = "dev1", addresses: [String] = [], tags: [String] = []) async throws -> Device {
        try await ensureDevice(
            NewDevice(
                name: "\(label).devices.example.com", zone: "devices.example.com", tags: tags,
                addressesWanted: addresses)
        ).device
    }
}

extension OrderJournal {
    func makeOrder(_ device: Device, directoryURL: String = testDirectoryURL) async throws -> OrderRecord {
        try await beginOrder(
            NewOrder(deviceID: device.id, directoryURL: directoryURL, identifiers: [device.name]))
    }
}

extension NewCertificate {
    init(_ device: Device, serial: String, renewAt: Date? = nil, pollAt: Date? = nil, issued: Date) {
        self.init(
            deviceID: device.id, directoryURL: testDirectoryURL, serial: serial, certID: "aki.\(serial)",
            names: [device.name, "*.\(device.name)"], profile: "tlsserver", issuer: "CN=Test CA", notBefore: issued,
            notAfter: issued + 45 * 86_400, chainPEM: "-----BEGIN CERTIFICATE-----\n…\n", keyFingerprint: "ab12",
            renewal: RenewalPlan(nextPollAt: pollAt, renewAt: renewAt))
    }
}
