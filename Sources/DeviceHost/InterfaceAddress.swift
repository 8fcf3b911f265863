import Glibc

/// An address as an interface has it.
package struct InterfaceAddress: Hashable, Sendable {
    package var interface: String
    package var address: LocalAddress
    /// The interface is up and is not the loopback.
    package var isUsable: Bool
    /// IPv6: not checked for duplicates yet, or found to be one (RFC 4862 §5.4).
    package var isTentative: Bool
    /// IPv6: changes for privacy (RFC 8981), or may not be used for new connections any more.
    package var isTemporary: Bool

    package init(
        interface: String, address: LocalAddress, isUsable: Bool = true, isTentative: Bool = false,
        isTemporary: Bool = false
    ) {
        self.interface = interface
        self.address = address
        self.isUsable = isUsable
        self.isTentative = isTentative
        self.isTemporary = isTemporary
    }

    /// What this machine has now. Costs a few system calls, so it may be asked every few seconds.
    package static func current() -> [InterfaceAddress] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return [] }
        defer { freeifaddrs(list) }
        let flags = IPv6Flags.current()
        var found: [InterfaceAddress] = []
        var next = list
        while let entry = next?.pointee {
            next = entry.ifa_next
            guard let name = entry.ifa_name, let address = entry.ifa_addr.flatMap(address(at:)) else { continue }
            let interface = String(cString: name)
            let bits = flags.of(address, on: interface)
            let state = UInt32(IFF_UP) | UInt32(IFF_LOOPBACK)
            found.append(
                InterfaceAddress(
                    interface: interface, address: address,
                    isUsable: entry.ifa_flags & state == UInt32(IFF_UP),
                    isTentative: bits & IPv6Flags.unchecked != 0,
                    isTemporary: bits & IPv6Flags.passing != 0))
        }
        return found
    }

    /// The address in a `sockaddr_in` (at byte 4) or `sockaddr_in6` (at byte 8).
    private static func address(at pointer: UnsafeMutablePointer<sockaddr>) -> LocalAddress? {
        let (offset, count): (Int, Int)
        switch Int32(pointer.pointee.sa_family) {
        case AF_INET: (offset, count) = (4, 4)
        case AF_INET6: (offset, count) = (8, 16)
        default: return nil
        }
        let start = UnsafeRawPointer(pointer) + offset
        return LocalAddress(bytes: Array(UnsafeRawBufferPointer(start: start, count: count)))
    }
}

/// The kernel's flags of IPv6 addresses, which getifaddrs(3) does not tell: `/proc/net/if_inet6`.
struct IPv6Flags {
    /// IFA_F_TENTATIVE, IFA_F_DADFAILED.
    static let unchecked: UInt32 = 0x40 | 0x08
    /// IFA_F_TEMPORARY, IFA_F_DEPRECATED.
    static let passing: UInt32 = 0x01 | 0x20

    private var flags: [String: UInt32] = [:]

    /// - Parameter table: lines of address, index, prefix length, scope, flags (hex each) and interface.
    init(table: String) {
        for line in table.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count == 6, fields[0].utf8.count == 32, let bits = UInt32(fields[4], radix: 16) else {
                continue
            }
            flags["\(fields[0])%\(fields[5])"] = bits
        }
    }

    static func current() -> IPv6Flags {
        guard let stream = fopen("/proc/net/if_inet6", "re") else { return IPv6Flags(table: "") }
        defer { fclose(stream) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 16_384)
        while bytes.count < 1 << 20 {
            let count = fread(&block, 1, block.count, stream)
            if count == 0 { break }
            bytes += block[..<count]
        }
        return IPv6Flags(table: String(decoding: bytes, as: UTF8.self))
    }

    func of(_ address: LocalAddress, on interface: String) -> UInt32 {
        guard !address.isV4 else { return 0 }
        let hex = address.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return flags["\(hex)%\(interface)"] ?? 0
    }
}
