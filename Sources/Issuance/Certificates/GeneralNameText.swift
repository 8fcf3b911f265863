import DNSUpdate
import SwiftASN1
import X509

/// A name of a certificate or request (RFC 5280 §4.2.1.6) as people write it.
enum GeneralNameText {
    static func text(of name: GeneralName) -> String {
        switch name {
        case .dnsName(let text): DeviceName.quoted(text)
        case .rfc822Name(let text): "the mail address \(DeviceName.quoted(text))"
        case .uniformResourceIdentifier(let text): "the URI \(DeviceName.quoted(text))"
        case .directoryName(let name): "the directory name \(DeviceName.quoted(name.description))"
        case .ipAddress(let octets): "the IP address \(address(Array(octets.bytes)))"
        case .registeredID(let identifier): "the object identifier \(identifier)"
        case .otherName, .x400Address, .ediPartyName: "a name of another kind"
        }
    }

    private static func address(_ octets: [UInt8]) -> String {
        if octets.count == 4 { return octets.map { String($0) }.joined(separator: ".") }
        guard octets.count == 16 else { return "of \(octets.count) octets" }
        let groups = stride(from: 0, to: 16, by: 2).map { index in
            String(UInt16(octets[index]) << 8 | UInt16(octets[index + 1]), radix: 16)
        }.joined(separator: ":")
        return IPAddress(groups)?.description ?? groups
    }
}
