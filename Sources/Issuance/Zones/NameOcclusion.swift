import DNSUpdate

/// Why records of a name would not be seen, although the zone takes them: an update knows neither zone cuts nor DNAME
/// (RFC 2136 §3.4.2), and the primary does as it is told.
enum NameOcclusion: Sendable, Hashable {
    /// The name lies in a zone that other servers hold.
    case delegation(DomainName)
    /// The name lies in another zone of the same server.
    case otherZone(DomainName)
    /// The name lies below a DNAME (RFC 6672 §2.4).
    case redirection(DomainName)

    /// To be read behind the name.
    var reason: String {
        switch self {
        case .delegation(let zone): "lies in the zone \(zone), which other servers hold"
        case .otherZone(let zone): "lies in the zone \(zone), which the same server holds, too"
        case .redirection(let owner): "lies below \(owner), which a DNAME leads elsewhere (RFC 6672 §2.4)"
        }
    }

    var remedy: String {
        switch self {
        case .delegation(let zone), .otherZone(let zone):
            "choose another name for the device, or add zone \(zone) to zones: in the configuration, with its primary and "
                + "a key that may update it"
        case .redirection(let owner):
            "choose another name for the device, or remove the DNAME at \(owner) from the zone"
        }
    }
}
