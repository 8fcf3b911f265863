import Logging
import ServiceLifecycle
import UnixSignals

/// Looks for a newer certificate of the server: every now and then, and at once on SIGHUP. Connections that exist keep
/// theirs. A pair that cannot be used leaves the present one in use, and is told in the log.
struct CertificateReload: Service {
    let source: ServerCertificateSource?
    let holder: CertificateHolder?
    let logger: Logger

    func run() async throws {
        // Trapped without a certificate as well, since SIGHUP would end the process.
        let signals = await UnixSignalsSequence(trapping: .sighup)
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await _ in signals { await reload(isAsked: true) }
                }
                group.addTask {
                    while !Task.isCancelled, let source {
                        try? await Task.sleep(for: source.interval)
                        if !Task.isCancelled { await reload(isAsked: false) }
                    }
                }
            }
        }
    }

    private func reload(isAsked: Bool) async {
        guard let source, let holder else { return }
        do {
            if try holder.replace(with: try await source.load()) {
                logger.notice("the server's certificate has been replaced")
            } else if isAsked {
                logger.notice("the server's certificate is the newest there is")
            }
        } catch is CancellationError {
        } catch {
            logger.warning(
                "the server's certificate cannot be replaced; the present one stays in use",
                metadata: ["error": "\(error)"])
        }
    }
}
