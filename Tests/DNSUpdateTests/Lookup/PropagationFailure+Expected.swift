import DNSUpdate
import TestSupport

extension PropagationFailure {
    /// How a wait fails that must.
    static func of(
        _ wait: () async throws(PropagationFailure) -> PropagationReport
    ) async throws -> PropagationFailure {
        do throws(PropagationFailure) {
            _ = try await wait()
        } catch {
            return error
        }
        throw TestFailure("the wait succeeded")
    }
}
