/// The type of a record, or of a question (RFC 1035 §3.2.2, IANA "DNS Parameters").
package struct RecordType: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: UInt16

    package init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    package static let a = RecordType(rawValue: 1)
    package static let ns = RecordType(rawValue: 2)
    package static let cname = RecordType(rawValue: 5)
    package static let soa = RecordType(rawValue: 6)
    package static let ptr = RecordType(rawValue: 12)
    package static let mx = RecordType(rawValue: 15)
    package static let txt = RecordType(rawValue: 16)
    package static let aaaa = RecordType(rawValue: 28)
    package static let srv = RecordType(rawValue: 33)
    package static let dname = RecordType(rawValue: 39)
    package static let opt = RecordType(rawValue: 41)
    package static let ds = RecordType(rawValue: 43)
    package static let rrsig = RecordType(rawValue: 46)
    package static let nsec = RecordType(rawValue: 47)
    package static let dnskey = RecordType(rawValue: 48)
    package static let nsec3 = RecordType(rawValue: 50)
    package static let svcb = RecordType(rawValue: 64)
    package static let https = RecordType(rawValue: 65)
    package static let tsig = RecordType(rawValue: 250)
    package static let ixfr = RecordType(rawValue: 251)
    package static let axfr = RecordType(rawValue: 252)
    package static let any = RecordType(rawValue: 255)
    package static let caa = RecordType(rawValue: 257)

    /// The mnemonic, else `TYPE` and the number (RFC 3597 §5).
    package var description: String {
        Self.mnemonics[rawValue] ?? "TYPE\(rawValue)"
    }

    private static let mnemonics: [UInt16: String] = [
        1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV", 39: "DNAME",
        41: "OPT", 43: "DS", 46: "RRSIG", 47: "NSEC", 48: "DNSKEY", 50: "NSEC3", 64: "SVCB", 65: "HTTPS",
        250: "TSIG", 251: "IXFR", 252: "AXFR", 255: "ANY", 257: "CAA",
    ]
}
