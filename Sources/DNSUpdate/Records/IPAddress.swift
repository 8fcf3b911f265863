/// An IPv4 or IPv6 address.
package enum IPAddress: Hashable, Sendable, CustomStringConvertible {
    case v4(IPv4Address)
    case v6(IPv6Address)

    /// Reads the strict text form of either family; nil for anything else, a host name included.
    package init?(_ text: String) {
        if let address = IPv4Address(text) {
            self = .v4(address)
        } else if let address = IPv6Address(text) {
            self = .v6(address)
        } else {
            return nil
        }
    }

    /// Four or sixteen octets in network order.
    package var bytes: [UInt8] {
        switch self {
        case .v4(let address): address.bytes
        case .v6(let address): address.bytes
        }
    }

    /// Dotted decimal or RFC 5952 text.
    package var description: String {
        switch self {
        case .v4(let address): address.description
        case .v6(let address): address.description
        }
    }

    /// A or AAAA.
    package var recordType: RecordType {
        switch self {
        case .v4: .a
        case .v6: .aaaa
        }
    }

    /// The record that publishes this address.
    package var recordData: RecordData {
        switch self {
        case .v4(let address): .a(address)
        case .v6(let address): .aaaa(address)
        }
    }

    package var isUnspecified: Bool { either(\.isUnspecified, \.isUnspecified) }
    package var isLoopback: Bool { either(\.isLoopback, \.isLoopback) }
    package var isLinkLocal: Bool { either(\.isLinkLocal, \.isLinkLocal) }
    package var isMulticast: Bool { either(\.isMulticast, \.isMulticast) }
    /// An IPv4 address in IPv6 clothing; never an address to publish.
    package var isIPv4Mapped: Bool { either({ _ in false }, \.isIPv4Mapped) }
    package var isBroadcast: Bool { either(\.isBroadcast, { _ in false }) }

    /// Why no host can be reached by this address wherever it is published, or nil if one can.
    package var unpublishableReason: String? {
        if isUnspecified { return "the unspecified address" }
        if isLoopback { return "a loopback address" }
        if isMulticast { return "a multicast address" }
        if isIPv4Mapped { return "an IPv4-mapped IPv6 address" }
        if isBroadcast { return "the broadcast address" }
        if isLinkLocal { return "a link-local address" }
        if either(\.isThisNetwork, { _ in false }) { return "an address of \"this network\"" }
        if either(\.isReserved, { _ in false }) { return "a reserved address" }
        return nil
    }

    private func either(_ v4: (IPv4Address) -> Bool, _ v6: (IPv6Address) -> Bool) -> Bool {
        switch self {
        case .v4(let address): v4(address)
        case .v6(let address): v6(address)
        }
    }
}
