import FleetStore
import FoundationEssentials
import Synchronization

/// When a device whose publication failed for a reason of its own is tried again, so that it neither takes the others' time
/// nor fills the log. A server forgets it when it ends, and a new wish of the device does not wait.
final class PublicationBackoff: Sendable {
    private struct Standing {
        var failures: Int
        var until: Date
    }

    private static let first: Duration = .seconds(10)
    private static let longest: Duration = .seconds(3_600)

    private let standings = Mutex<[Device.ID: Standing]>([:])

    /// How many are known.
    var count: Int { standings.withLock { $0.count } }

    /// Those of the devices whose turn it is.
    func due(_ devices: [Device], at now: Date) -> [Device] {
        standings.withLock { standings in
            guard !standings.isEmpty else { return devices }
            return devices.filter { device in standings[device.id].map { $0.until <= now } ?? true }
        }
    }

    func failed(_ id: Device.ID, at now: Date) {
        standings.withLock { standings in
            let failures = (standings[id]?.failures ?? 0) + 1
            let delay = min(Self.first * (1 << min(failures - 1, 12)), Self.longest)
            standings[id] = Standing(failures: failures, until: now.addingTimeInterval(delay.seconds))
        }
    }

    func succeeded(_ id: Device.ID) { standings.withLock { $0[id] = nil } }
}
