package import FleetStore
import FoundationEssentials

extension Device {
    /// Why nothing is done for the device; nil while it is active. A removed one can be brought back by nobody: its name is
    /// kept back, and then enrolled anew.
    package var objection: IssuanceError? {
        switch state {
        case .active: return nil
        case .suspended:
            return IssuanceError(
                .stateForbids, "\(name) is suspended, so nothing of it is in DNS",
                hints: ["ddns-acme device resume \(name) brings it back"])
        case .removed:
            let until = stateChangedAt.addingTimeInterval(Double(EnrollmentDesk.holdTime.components.seconds))
            return IssuanceError(
                .stateForbids, "\(name) has been removed; its name is kept back until \(until.formatted(.iso8601))",
                hints: ["use another name, or enroll a device under this one after that time"])
        }
    }
}
