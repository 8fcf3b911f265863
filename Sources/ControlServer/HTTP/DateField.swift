import FleetAPI
import FoundationEssentials
import Synchronization

/// The value of the field `Date` (RFC 9110 §6.6.1), written once a second.
final class DateField: Sendable {
    private struct Last {
        var time = Timestamp(secondsSinceEpoch: 0)
        var text = ""
    }

    private let last = Mutex(Last())

    func text(at now: Date) -> String {
        let time = Timestamp(now)
        return last.withLock { last in
            if last.text.isEmpty || last.time != time { last = Last(time: time, text: time.httpDate) }
            return last.text
        }
    }
}
