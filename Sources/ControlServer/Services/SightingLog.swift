import FleetStore
import FoundationEssentials
import Logging
import ServiceLifecycle
import Synchronization

/// Notes in memory when devices were seen and writes it down every few seconds, many at once. A crash loses those seconds.
final class SightingLog: Service {
    private static let interval: Duration = .seconds(5)
    /// Devices in one transaction: what else has to be written must not wait for a whole fleet.
    private static let portion = 1_000

    private let store: any FleetStore
    private let logger: Logger
    private let sightings = Mutex<[Device.ID: Date]>([:])

    init(store: any FleetStore, logger: Logger) {
        self.store = store
        self.logger = logger
    }

    func note(_ device: Device.ID, at date: Date) {
        sightings.withLock { $0[device] = date }
    }

    func run() async throws {
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.interval) }
            await flush()
        }
    }

    func flush() async {
        let batch = sightings.withLock { sightings in
            let batch = sightings
            sightings = [:]
            return batch
        }
        // In the order in which they lie on the disk.
        var rest = batch.map { ($0.key, $0.value) }.sorted { $0.0.rawValue < $1.0.rawValue }[...]
        while !rest.isEmpty {
            do throws(FleetStoreError) {
                try await store.recordSightings(Dictionary(rest.prefix(Self.portion)) { _, later in later })
            } catch {
                logger.warning("last-seen times not written", metadata: ["error": "\(error)"])
                // Later ones win over those that could not be written.
                let unwritten = Dictionary(rest) { _, later in later }
                return sightings.withLock { $0.merge(unwritten) { later, _ in later } }
            }
            rest = rest.dropFirst(Self.portion)
        }
    }
}
