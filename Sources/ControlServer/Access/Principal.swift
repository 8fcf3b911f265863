import FleetStore

/// Who a credential says is asking.
enum Principal: Sendable {
    case nobody
    /// Holds an enrollment token; whether it is good is decided with the enrollment.
    case enrolling(hash: [UInt8])
    case device(DeviceStanding)
    case token(AccessToken, hash: [UInt8])

    /// As the audit log names it.
    var actor: String {
        switch self {
        case .nobody: "nobody"
        case .enrolling: "enrollment"
        case .device(let standing): "device:\(standing.name)"
        case .token(let token, _): "token:\(token.id)"
        }
    }
}
