import FleetStore
import FoundationEssentials
import Logging
import ServiceLifecycle
import Synchronization

/// Notes in memory when devices were seen and writes it down every few seconds, many at once. A crash loses those seconds.
final class SightingLog: Service {
    private static let interval: Duration = .seconds(5)

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
        guard !batch.isEmpty else { return }
        do throws(FleetStoreError) {
            try await store.recordSightings(batch)
        } catch {
            logger.warning("last-seen times not written", metadata: ["error": "\(error)"])
            // Later ones win over those that could not be written.
            sightings.withLock { $0.merge(batch) { later, _ in later } }
        }
    }
}
