/// The type and data of one record.
package enum RecordData: Hashable, Sendable {
    case a(IPv4Address)
    case aaaa(IPv6Address)
    case ns(DomainName)
    case cname(DomainName)
    case dname(DomainName)
    case soa(StartOfAuthority)
    case txt(TextData)
    case caa(CAAData)
    /// A type not listed above, or data that its type does not allow (an empty RDATA in an UPDATE): the uncompressed octets.
    case opaque(RecordType, [UInt8])

    package var type: RecordType {
        switch self {
        case .a: .a
        case .aaaa: .aaaa
        case .ns: .ns
        case .cname: .cname
        case .dname: .dname
        case .soa: .soa
        case .txt: .txt
        case .caa: .caa
        case .opaque(let type, _): type
        }
    }
}

extension RecordData: CustomStringConvertible {
    /// The data as a zone file would show it, without the type.
    package var description: String {
        switch self {
        case .a(let address): return address.description
        case .aaaa(let address): return address.description
        case .ns(let name), .cname(let name), .dname(let name): return name.absoluteText
        case .soa(let soa):
            let names = "\(soa.primaryName.absoluteText) \(soa.responsibleName.absoluteText)"
            return "\(names) \(soa.serial) \(soa.refresh) \(soa.retry) \(soa.expire) \(soa.minimum)"
        case .txt(let text): return text.description
        case .caa(let caa):
            let value = caa.value.count > 255 ? "…" : TextData(strings: [caa.value])?.description ?? "\"\""
            return "\(caa.flags) \(caa.tag) \(value)"
        case .opaque(_, let bytes):
            // RFC 3597 §5
            let hex = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            return hex.isEmpty ? "\\# 0" : "\\# \(bytes.count) \(hex)"
        }
    }
}
