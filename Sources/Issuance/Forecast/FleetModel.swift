import FleetStore
import FoundationEssentials

/// The devices of a simulation, in arrays: some thirty bytes a device. Times in seconds after the beginning.
struct FleetModel {
    static let never = Int32.max

    let count: Int
    /// The certificate's beginning and end; `never` without one.
    var notBefore: [Int32]
    var notAfter: [Int32]
    /// When its renewal is planned, and the CA's window for it.
    var renewAt: [Int32]
    var windowStart: [Int32]
    var windowEnd: [Int32]
    /// What is to be done next, and when: renewal or another attempt.
    var dueAt: [Int32]
    var failures: [UInt8]
    /// When it learned that the CA wants the certificate replaced; `never`: it did not.
    var recalledAt: [Int32]
    /// Index of the zone, and of the lane.
    var zone: [UInt16]
    var lane: [UInt32]
    /// Before this index devices go first.
    let canaries: Int

    /// Names of zones, and of (zone, tag) pairs.
    private(set) var zones: [String] = []
    private(set) var lanes: [(zone: String, tag: String?)] = []

    init(_ input: ForecastInput) {
        let present: [ForecastInput.Present]
        switch input.beginning {
        case .enrollment(let devices):
            count = devices
            present = []
        case .present(let devices):
            count = devices.count
            present = devices
        }
        let unknown = [Int32](repeating: Self.never, count: count)
        notBefore = unknown
        notAfter = unknown
        renewAt = unknown
        windowStart = unknown
        windowEnd = unknown
        recalledAt = unknown
        dueAt = [Int32](repeating: 0, count: count)
        failures = [UInt8](repeating: 0, count: count)
        zone = [UInt16](repeating: 0, count: count)
        lane = [UInt32](repeating: 0, count: count)
        canaries = Int(Double(count) * input.canaryShare)
        if present.isEmpty {
            zones = ["devices.example"]
            lanes = [("devices.example", nil)]
        } else {
            adopt(present, start: input.start)
        }
    }

    private mutating func adopt(_ present: [ForecastInput.Present], start: Date) {
        var zoneIndex: [String: UInt16] = [:]
        var laneIndex: [String: [String?: UInt32]] = [:]
        func seconds(_ date: Date) -> Int32 { Int32(clamping: Int(clamping: Int64(date.timeIntervalSince(start)))) }
        for (index, device) in present.enumerated() {
            if zoneIndex[device.zone] == nil {
                zoneIndex[device.zone] = UInt16(clamping: zones.count)
                zones.append(device.zone)
            }
            if laneIndex[device.zone]?[device.tag] == nil {
                laneIndex[device.zone, default: [:]][device.tag] = UInt32(lanes.count)
                lanes.append((device.zone, device.tag))
            }
            zone[index] = zoneIndex[device.zone] ?? 0
            lane[index] = laneIndex[device.zone]?[device.tag] ?? 0
            guard let validity = device.validity else { continue }
            notBefore[index] = seconds(validity.lowerBound)
            notAfter[index] = seconds(validity.upperBound)
            let planned =
                device.renewAt
                ?? RenewalPlanner.instantWithoutWindow(notBefore: validity.lowerBound, notAfter: validity.upperBound)
            renewAt[index] = seconds(planned)
            dueAt[index] = max(renewAt[index], 0)
            let life = Double(notAfter[index]) - Double(notBefore[index])
            windowStart[index] = renewAt[index] - Int32(life / 100)
            windowEnd[index] = renewAt[index] + Int32(life / 100)
        }
    }

    var countWithoutCertificate: Int { notAfter.count { $0 == Self.never } }

    func hasCertificate(_ device: Int) -> Bool { notAfter[device] != Self.never }
}
