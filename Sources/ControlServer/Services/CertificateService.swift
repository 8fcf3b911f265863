import FleetStore
import FoundationEssentials
import Issuance
import Logging
import ServiceLifecycle
import Synchronization

/// Works off certificate requests, a bounded number at a time, those that wait longest first. When the server shuts down no
/// new one is begun, and those under way are finished.
struct CertificateService: Service {
    /// How often the store is looked at without a wake-up.
    private static let interval: Duration = .seconds(1)

    let services: FleetServices
    let completions: CompletionBoard
    let metrics: ServerMetrics
    let limit: Int
    let logger: Logger

    /// The devices that are being worked for.
    private final class Running: Sendable {
        let devices = Mutex<Set<Device.ID>>([])
    }

    func run() async throws {
        let running = Running()
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                // Requests become due by time, and other processes make some.
                group.addTask {
                    while !Task.isCancelled, !Task.isShuttingDownGracefully {
                        completions.wakeWorker()
                        try? await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.interval) }
                    }
                }
                for await _ in completions.wakeUps {
                    for request in await due(running.devices.withLock { $0 }) {
                        guard running.devices.withLock({ $0.count < limit && $0.insert(request.deviceID).inserted })
                        else {
                            break
                        }
                        group.addTask {
                            await workOff(request)
                            _ = running.devices.withLock { $0.remove(request.deviceID) }
                            completions.complete(request.deviceID)
                            completions.wakeWorker()
                        }
                    }
                }
            }
        } onGracefulShutdown: {
            completions.finish()
        }
    }

    private func due(_ running: Set<Device.ID>) async -> [CertificateRequestRecord] {
        do throws(FleetStoreError) {
            return try await services.store.requestsDue(at: services.now(), limit: limit + running.count)
                .filter { !running.contains($0.deviceID) }
        } catch {
            logger.error("certificate requests cannot be read", metadata: ["error": "\(error)"])
            return []
        }
    }

    private func workOff(_ request: CertificateRequestRecord) async {
        do {
            switch try await services.worker.workOff(request) {
            case .issued(let certificate):
                metrics.count(.issued)
                logger.info(
                    "certificate issued",
                    metadata: [
                        "device": "\(certificate.names.first ?? "")", "serial": "\(certificate.serial)",
                        "not-after": "\(certificate.notAfter.formatted(.iso8601))",
                    ])
            case .skipped:
                // Held by somebody else: not asked for again at once.
                try await Task.sleep(for: Self.interval)
            case .failed(let error, let retryAt):
                metrics.count(.issuanceFailed)
                logger.warning(
                    "certificate not obtained",
                    metadata: [
                        "device": "\(request.names.first ?? "")", "error": "\(error)",
                        "retry-at": "\(retryAt.formatted(.iso8601))",
                    ])
            }
        } catch is CancellationError {
            logger.notice("certificate interrupted", metadata: ["device": "\(request.names.first ?? "")"])
        } catch {
            logger.error(
                "certificate request left for later",
                metadata: ["device": "\(request.names.first ?? "")", "error": "\(error)"])
            try? await Task.sleep(for: Self.interval)
        }
    }
}
