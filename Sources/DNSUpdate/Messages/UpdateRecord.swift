/// A record of an UPDATE's prerequisite or update section, where class and emptiness carry the meaning.
struct UpdateRecord {
    let name: DomainName
    let type: RecordType
    let recordClass: RecordClass
    let ttl: UInt32
    /// nil: an empty RDATA field.
    let rdata: [UInt8]?

    /// A record without data, which speaks of an RRset or, with type ANY, of a name.
    private init(name: DomainName, type: RecordType, recordClass: RecordClass) {
        self.name = name
        self.type = type
        self.recordClass = recordClass
        ttl = 0
        rdata = nil
    }

    static func allTypes(of name: DomainName, _ recordClass: RecordClass) -> UpdateRecord {
        UpdateRecord(name: name, type: .any, recordClass: recordClass)
    }

    static func rrset(
        of name: DomainName, _ type: RecordType, _ recordClass: RecordClass
    ) throws(MessageError) -> UpdateRecord {
        try requireDataType(type, at: name)
        return UpdateRecord(name: name, type: type, recordClass: recordClass)
    }

    /// A record with data.
    init(name: DomainName, data: RecordData, recordClass: RecordClass, ttl: UInt32 = 0) throws(MessageError) {
        try Self.requireDataType(data.type, at: name)
        let rdata = data.wireBytes
        guard (1...Int(UInt16.max)).contains(rdata.count) else {
            throw .invalidUpdate(
                "the \(data.type) data at \(name) has \(rdata.count) octets", hint: "a record holds 1 to 65535 octets")
        }
        self.name = name
        self.type = data.type
        self.recordClass = recordClass
        self.ttl = ttl
        self.rdata = rdata
    }

    /// Types that only questions, transports or other messages use: no record in a zone has one (RFC 6895 §3.1).
    private static func requireDataType(_ type: RecordType, at name: DomainName) throws(MessageError) {
        guard type != .opt, type.rawValue != 0, !(128...255).contains(type.rawValue) else {
            throw .invalidUpdate(
                "\(type) at \(name) is no type of data",
                hint: type == .any ? "use nameInUse, nameNotInUse or deleteName for every type" : "use a data type")
        }
    }
}
