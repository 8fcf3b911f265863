import FleetStore
import FoundationEssentials

/// Bounds the certificates that a device's credential gets while the present one is not due: a device that has lost its key
/// needs one, a stolen credential could spend the CA's limits for everybody.
struct NewKeyBrake: Sendable {
    /// A bucket of so many, which is full again after a day.
    private static let burst = 3

    let store: any RateLimitStore

    /// - Throws: `limitReached` with the time to wait; `FleetStoreError`.
    func take(for device: Device, now: Date) async throws {
        guard case .refused(_, let until) = try await store.take([Self.charge(device)]) else { return }
        throw IssuanceError(
            .limitReached,
            "\(device.name) has had \(Self.burst) certificates before the last one was due, and gets the next one at"
                + " \(until.formatted(.iso8601))",
            hints: [
                "keep the device's key, and send a new request when the certificate is due",
                "an operator has one made at once: ddns-acme renew \(device.name)",
            ], isTemporary: true, retryAfter: .seconds(max(1, until.timeIntervalSince(now).rounded(.up))))
    }

    /// Whether one is left, which is taken then.
    func admits(_ device: Device) async throws(FleetStoreError) -> Bool {
        guard case .refused = try await store.take([Self.charge(device)]) else { return true }
        return false
    }

    /// Begins anew: an operator has looked at the device.
    func lift(for device: Device) async throws(FleetStoreError) {
        try await store.setTheoreticalArrival(nil, of: Self.charge(device).key)
    }

    private static func charge(_ device: Device) -> RateLimitCharge {
        RateLimitCharge(key: "new-key:\(device.id)", burst: burst, period: .seconds(86_400))
    }
}
