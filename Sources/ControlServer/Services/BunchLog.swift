import FoundationEssentials
import Issuance
import Synchronization

/// Says once a day that renewals bunch, and not with each look.
final class BunchLog: Sendable {
    private static let interval: TimeInterval = 86_400

    private let said = Mutex<Date?>(nil)

    /// - Returns: the bunch when it is to be spoken of now.
    func news(_ bunch: RenewalCalendar.Bunch?, at now: Date) -> RenewalCalendar.Bunch? {
        guard let bunch, bunch.isTooMuch else { return nil }
        return said.withLock { said in
            if let said, now.timeIntervalSince(said) < Self.interval, now >= said { return nil }
            said = now
            return bunch
        }
    }
}
