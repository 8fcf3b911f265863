import FleetStore
import Synchronization

/// Notices what only two devices with one credential do: report by turns addresses that the other one has just replaced.
/// It is a suspicion, not proof (a device between two networks looks alike), so nobody is refused because of it.
final class SharedCredentialWatch: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// The addresses that take turns, and where their reports came from.
    struct Finding: Sendable, Hashable {
        let first: Report
        let second: Report
    }

    struct Report: Sendable, Hashable {
        let addresses: [String]
        let origin: String
    }

    private struct History {
        var reports: [(report: Report, at: Instant)] = []
        var toldAt: Instant?
    }

    /// A, B, A, B within this time.
    static let window: Duration = .seconds(3_600)
    /// A device is told of once in this time.
    static let silence: Duration = .seconds(86_400)
    private static let turns = 4
    /// Devices kept before those without a recent change are dropped.
    private static let sweepSize = 10_000

    private let histories = Mutex<[Device.ID: History]>([:])

    /// Takes in that the device reported other addresses than the ones before.
    ///
    /// - Returns: what takes turns; nil when nothing does, or when it was told of already.
    func note(_ device: Device.ID, _ addresses: [String], origin: String, at now: Instant = .now) -> Finding? {
        histories.withLock { histories in
            if histories.count > Self.sweepSize {
                histories = histories.filter {
                    now - ($0.value.toldAt ?? now) < Self.silence && isRecent($0.value, now)
                }
            }
            var history = histories[device, default: History()]
            defer { histories[device] = history }
            history.reports.removeAll { now - $0.at >= Self.window }
            history.reports.append((Report(addresses: addresses, origin: origin), now))
            history.reports.removeFirst(max(0, history.reports.count - Self.turns))
            let reports = history.reports.map(\.report)
            guard reports.count == Self.turns, reports[0].addresses != reports[1].addresses,
                reports[0].addresses == reports[2].addresses, reports[1].addresses == reports[3].addresses,
                history.toldAt.map({ now - $0 >= Self.silence }) ?? true
            else { return nil }
            history.toldAt = now
            return Finding(first: reports[2], second: reports[3])
        }
    }

    private func isRecent(_ history: History, _ now: Instant) -> Bool {
        history.reports.last.map { now - $0.at < Self.window } ?? false
    }
}
