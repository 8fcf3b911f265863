import FleetStore
import FoundationEssentials
import Issuance
import Logging
import ServiceLifecycle
import Synchronization

/// Works off certificate requests in the scheduler's order, as many at a time as the CA bears. When the server shuts down no
/// new one is begun, and those under way are finished.
struct CertificateService: Service {
    /// How often the store is looked at without a wake-up.
    private static let interval: Duration = .seconds(1)

    let services: FleetServices
    let completions: CompletionBoard
    let metrics: ServerMetrics
    let logger: Logger

    func run() async throws {
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
                    await refresh()
                    while case .start(let job) = services.work.next() {
                        group.addTask {
                            services.work.finished(job.device, await workOff(job.device))
                            completions.complete(job.device)
                            completions.wakeWorker()
                        }
                    }
                }
            }
        } onGracefulShutdown: {
            completions.finish()
        }
    }

    private func refresh() async {
        do throws(FleetStoreError) {
            try await services.work.refresh()
        } catch {
            logger.error("certificate requests cannot be read", metadata: ["error": "\(error)"])
        }
    }

    private func workOff(_ device: Device.ID) async -> JobScheduler.Outcome {
        do {
            let outcome = try await services.worker.workOff(device)
            switch outcome {
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
                let name = await name(device)
                logger.warning(
                    "certificate not obtained",
                    metadata: [
                        "device": "\(name)", "error": "\(OutsideLinks.withoutTokens("\(error)"))",
                        "retry-at": "\(retryAt.formatted(.iso8601))",
                    ])
            }
            return services.work.outcome(outcome, of: device)
        } catch is CancellationError {
            let name = await name(device)
            logger.notice("certificate interrupted", metadata: ["device": "\(name)"])
        } catch {
            let name = await name(device)
            logger.error("certificate request left for later", metadata: ["device": "\(name)", "error": "\(error)"])
            try? await Task.sleep(for: Self.interval)
        }
        return .skipped
    }

    private func name(_ device: Device.ID) async -> String {
        (try? await services.store.device(device))?.name ?? "\(device)"
    }
}
