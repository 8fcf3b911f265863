import FleetStore
import FoundationEssentials
import Synchronization

/// When a device whose publication failed for a reason of its own is tried again, so that it neither takes the others' time
/// nor fills the log. It outlives the server, which may be restarted over and over; a new wish of the device does not wait.
final class PublicationBackoff: Sendable {
    private static let first: Duration = .seconds(10)
    private static let longest: Duration = .seconds(3_600)

    private let store: any PublicationPauseStore
    /// Nil until the store has been asked.
    private let pauses = Mutex<[Device.ID: PublicationPause]?>(nil)

    init(store: any PublicationPauseStore) {
        self.store = store
    }

    /// How many are known.
    ///
    /// - Throws: `FleetStoreError` the first time.
    func count() async throws(FleetStoreError) -> Int {
        if let pauses = pauses.withLock({ $0 }) { return pauses.count }
        let stored = Dictionary(try await store.publicationPauses().map { ($0.device, $0) }) { $1 }
        return pauses.withLock { pauses in
            pauses = stored.merging(pauses ?? [:]) { $1 }
            return pauses?.count ?? 0
        }
    }

    /// Those of the devices whose turn it is.
    func due(_ devices: [Device], at now: Date) -> [Device] {
        pauses.withLock { pauses in
            guard let pauses, !pauses.isEmpty else { return devices }
            return devices.filter { device in
                // A pause that is longer than any was noted by a clock that has been set back since.
                pauses[device.id].map { $0.until <= now || $0.until > now.addingTimeInterval(Self.longest.seconds) }
                    ?? true
            }
        }
    }

    func failed(_ id: Device.ID, at now: Date) async throws(FleetStoreError) {
        let pause = pauses.withLock { pauses in
            let failures = (pauses?[id]?.failures ?? 0) + 1
            let delay = min(Self.first * (1 << min(failures - 1, 12)), Self.longest)
            let pause = PublicationPause(
                device: id, failures: failures, until: now.addingTimeInterval(delay.seconds))
            pauses?[id] = pause
            return pause
        }
        try await store.notePublicationPause(pause)
    }

    func succeeded(_ id: Device.ID) async throws(FleetStoreError) {
        guard pauses.withLock({ $0?.removeValue(forKey: id) }) != nil else { return }
        try await store.clearPublicationPause(of: id)
    }
}
