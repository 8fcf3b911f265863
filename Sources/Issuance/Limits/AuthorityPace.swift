package import ACME
package import FleetStore
import Synchronization

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Slows requests down for a CA that asks for it: each resource on its own, for all devices, in all processes that share
/// the store. A 429 or 503 that one device meets is not met by the next one.
///
/// Beside that it keeps below the CA's requests per second; those buckets are full again within seconds, so they are kept
/// in memory.
package final class AuthorityPace: ACMERequestGate {
    /// Waited for here; a longer pause ends the operation with an error that says until when.
    private static let longestWait: TimeInterval = 10
    /// A pause is no longer than that, whatever a CA asks for: then it is asked again.
    private static let longestHold: TimeInterval = 86_400
    /// The first pause when the CA does not say how long; doubles with each refusal in a row.
    private static let firstSilence: TimeInterval = 30
    private static let longestSilence: TimeInterval = 3_600

    private struct State {
        var buckets = RateLimitBuckets()
        var refusals: [ACMEEndpoint: Int] = [:]
    }

    private let directoryURL: String
    private let rates: RequestRates
    private let store: any RateLimitStore
    private let clock: any ACMEClock
    private let state = Mutex(State())

    package init(
        directoryURL: String, rates: RequestRates, store: any RateLimitStore,
        clock: any ACMEClock = SystemACMEClock()
    ) {
        self.directoryURL = directoryURL
        self.rates = rates
        self.store = store
        self.clock = clock
    }

    /// The key under which a resource of a CA is shut.
    package static func key(_ endpoint: ACMEEndpoint, directoryURL: String) -> String {
        "endpoint|\(directoryURL)|\(endpoint.rawValue)"
    }

    package func admit(to endpoint: ACMEEndpoint) async throws(ACMEError) {
        while let until = try await earliest(endpoint) {
            let wait = until.timeIntervalSince(clock.now)
            guard wait > 0 else { continue }
            guard wait <= Self.longestWait else { throw Self.heldBack(endpoint, wait, now: clock.now) }
            do {
                try await clock.sleep(for: .milliseconds(Int64((wait * 1_000).rounded(.up))))
            } catch {
                throw ACMEError(.cancelled, "cancelled while the CA's \(endpoint.rawValue) is left alone")
            }
        }
    }

    package func refused(_ endpoint: ACMEEndpoint, _ error: ACMEError) async {
        // What is about a name or a count of orders is kept with that limit (``IssuanceBudget/reconcile(_:names:)``), and
        // is no reason to keep others from ordering.
        guard error.code != .identifierPaused, !LimitNotice.isKnown(error.problem) else { return }
        let silent = state.withLock { state in
            state.refusals[endpoint, default: 0] += 1
            let doublings = min(state.refusals[endpoint, default: 1] - 1, 16)
            return min(Self.firstSilence * Double(1 << doublings), Self.longestSilence)
        }
        let wait = error.retryAfter.map { min($0.delay.seconds, Self.longestHold) } ?? silent
        // A store that cannot be written has its own alarm; here it would only hide the CA's answer.
        try? await store.hold(
            Self.key(endpoint, directoryURL: directoryURL), until: clock.now.addingTimeInterval(wait))
    }

    package func succeeded(_ endpoint: ACMEEndpoint) async {
        state.withLock { $0.refusals[endpoint] = nil }
    }

    /// When the resource may be asked; nil: now, and then the request has been counted.
    private func earliest(_ endpoint: ACMEEndpoint) async throws(ACMEError) -> Date? {
        do throws(FleetStoreError) {
            if let until = try await store.heldUntil(
                Self.key(endpoint, directoryURL: directoryURL), longest: .seconds(Self.longestHold))
            {
                return until
            }
        } catch {
            throw ACMEError(
                .invalidInput, "whether the CA wants to be left alone cannot be read: \(error.message)",
                hint: error.hint)
        }
        let charges = rates.charges(endpoint)
        guard !charges.isEmpty else { return nil }
        let now = clock.now
        let decision = state.withLock { $0.buckets.take(charges, at: now) }
        guard case .refused(_, let until) = decision else { return nil }
        return until
    }

    private static func heldBack(_ endpoint: ACMEEndpoint, _ wait: TimeInterval, now: Date) -> ACMEError {
        let retryAfter = RetryAfter(delay: .seconds(wait.rounded(.up)), receivedAt: now)
        return ACMEError(
            .heldBack,
            "the CA wants no \(endpoint.rawValue) requests now; nothing was sent, and nothing will be for \(retryAfter)",
            hint: "wait: it goes on by itself. One answer of the CA holds for all devices", retryAfter: retryAfter)
    }
}
