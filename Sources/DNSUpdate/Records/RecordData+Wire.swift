extension RecordData {
    /// The data's octets, names uncompressed; at most 65,535 if the record is to be sent.
    package var wireBytes: [UInt8] {
        switch self {
        case .a(let address): address.bytes
        case .aaaa(let address): address.bytes
        case .ns(let name), .cname(let name), .dname(let name): name.wireBytes
        case .soa(let soa):
            soa.primaryName.wireBytes + soa.responsibleName.wireBytes
                + [soa.serial.rawValue, soa.refresh, soa.retry, soa.expire, soa.minimum].flatMap(\.bigEndianBytes)
        case .txt(let text): text.strings.flatMap { [UInt8($0.count)] + $0 }
        case .caa(let caa): [caa.flags, UInt8(caa.tag.utf8.count)] + Array(caa.tag.utf8) + caa.value
        case .opaque(_, let bytes): bytes
        }
    }

    /// How many octets those are.
    var wireLength: Int {
        switch self {
        case .a: 4
        case .aaaa: 16
        case .txt(let text): text.strings.reduce(0) { $0 + 1 + $1.count }
        default: wireBytes.count
        }
    }

    /// Reads uncompressed data of the given type; what does not fit the type is kept as it is (`opaque`).
    package init(type: RecordType, rdata: [UInt8]) {
        self = Self.decode(type: type, rdata: rdata) ?? .opaque(type, rdata)
    }

    private static func decode(type: RecordType, rdata: [UInt8]) -> RecordData? {
        switch type {
        case .a: IPv4Address(bytes: rdata).map(RecordData.a)
        case .aaaa: IPv6Address(bytes: rdata).map(RecordData.aaaa)
        case .ns: (try? DomainName(wire: rdata)).map(RecordData.ns)
        case .cname: (try? DomainName(wire: rdata)).map(RecordData.cname)
        case .dname: (try? DomainName(wire: rdata)).map(RecordData.dname)
        case .soa: decodeSOA(rdata)
        case .txt: decodeTXT(rdata)
        case .caa: decodeCAA(rdata)
        default: nil
        }
    }

    private static func decodeSOA(_ rdata: [UInt8]) -> RecordData? {
        var reader = ByteReader(rdata)
        guard let primaryName = reader.readUncompressedName(), let responsibleName = reader.readUncompressedName(),
            let serial = reader.readUInt32(), let refresh = reader.readUInt32(), let retry = reader.readUInt32(),
            let expire = reader.readUInt32(), let minimum = reader.readUInt32(), reader.isAtEnd
        else { return nil }
        return .soa(
            StartOfAuthority(
                primaryName: primaryName, responsibleName: responsibleName, serial: SerialNumber(rawValue: serial),
                refresh: refresh, retry: retry, expire: expire, minimum: minimum))
    }

    private static func decodeTXT(_ rdata: [UInt8]) -> RecordData? {
        var reader = ByteReader(rdata)
        var strings: [[UInt8]] = []
        while !reader.isAtEnd {
            guard let length = reader.readUInt8(), let string = reader.read(Int(length)) else { return nil }
            strings.append(string)
        }
        return TextData(strings: strings).map(RecordData.txt)
    }

    private static func decodeCAA(_ rdata: [UInt8]) -> RecordData? {
        var reader = ByteReader(rdata)
        guard let flags = reader.readUInt8(), let length = reader.readUInt8(), let tag = reader.read(Int(length)),
            let data = CAAData(flags: flags, tag: String(decoding: tag, as: UTF8.self), value: reader.readRest())
        else { return nil }
        return .caa(data)
    }
}
