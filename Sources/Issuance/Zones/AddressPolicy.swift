package import DNSUpdate

/// Which addresses a device of a zone may have. It keeps the zone from being used for DNS rebinding or phishing: without
/// it, whoever holds one device's credential could point a trusted name anywhere.
package struct AddressPolicy: Sendable {
    /// The most addresses that one device has.
    package static let limit = 16

    private let allowed: [IPPrefix]

    /// - Parameter allowed: the zone's `addresses.allow`.
    package init(allowed: [IPPrefix]) {
        self.allowed = allowed
    }

    /// - Throws: `invalidAddress` for what is no address of a host, `addressRefused` for one outside the list.
    package func check(_ text: String) throws(IssuanceError) -> IPAddress {
        guard let address = IPAddress(text) else {
            throw IssuanceError(
                .invalidAddress, "\(DeviceName.quoted(text)) is not an IP address",
                hints: ["write IPv4 as 10.0.0.5, without leading zeros, and IPv6 as fd00::5, without a zone"])
        }
        if let reason = Self.reasonNotAHost(address) {
            throw IssuanceError(
                .invalidAddress, "\(address) cannot be the address of a device: it is \(reason)",
                hints: ["give the address under which other machines reach the device"])
        }
        guard allowed.contains(where: { $0.contains(address) }) else {
            let list = allowed.map(\.description).joined(separator: ", ")
            throw IssuanceError(
                .addressRefused, "\(address) is outside the addresses this zone allows (\(list))",
                hints: ["if devices may have it, add its network to addresses.allow of the zone in the configuration"])
        }
        return address
    }

    /// All of them, duplicates removed, in order; ``limit`` at most.
    package func check(_ texts: [String]) throws(IssuanceError) -> [IPAddress] {
        var addresses = [IPAddress]()
        for text in texts {
            let address = try check(text)
            if !addresses.contains(address) { addresses.append(address) }
            guard addresses.count <= Self.limit else {
                throw IssuanceError(
                    .invalidAddress, "\(texts.count) addresses are too many: a device can have \(Self.limit) at most",
                    hints: ["give those under which other machines reach the device"])
            }
        }
        return addresses
    }

    private static func reasonNotAHost(_ address: IPAddress) -> String? {
        if address.isUnspecified { return "unspecified" }
        if address.isLoopback { return "a loopback address" }
        if address.isMulticast { return "a multicast address" }
        if address.isBroadcast { return "the broadcast address" }
        if address.isIPv4Mapped { return "an IPv4 address in IPv6 form (give it as IPv4)" }
        return nil
    }
}
