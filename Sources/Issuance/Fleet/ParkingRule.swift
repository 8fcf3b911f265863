/// When a device is not tried any more until somebody says so. Ten failures in a row take about a week at the pace of
/// ``RetrySchedule``; Let's Encrypt pauses a name after 1152, from where only its own page leads out.
enum ParkingRule {
    static let faultLimit = 10

    /// Why the device is parked; nil: it is not.
    ///
    /// - Parameter faults: failures in a row that were its own, this one included.
    static func reason(to blame: FailureBlame, faults: Int) -> String? {
        switch blame.kind {
        case .paused: "the CA has paused its name"
        case .device where faults >= faultLimit: "it has failed \(faults) times in a row"
        default: nil
        }
    }

    static func hints(_ reason: String, device: String, link: String?) -> [String] {
        let parked =
            "the device is parked, because \(reason); when the cause is gone: ddns-acme device resume \(device)"
        return (link.map { ["the CA resumes when you have opened \($0)"] } ?? []) + [parked]
    }
}
