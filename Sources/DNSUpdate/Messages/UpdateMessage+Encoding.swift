extension Prerequisite {
    /// RFC 2136 §2.4, row by row.
    func encoded() throws(MessageError) -> [UpdateRecord] {
        switch self {
        case .rrsetExists(let name, let type):
            return [try .rrset(of: name, type, .any)]
        case .rrsetEquals(let name, let data):
            guard !data.isEmpty else {
                throw .invalidUpdate(
                    "rrsetEquals at \(name) lists no record", hint: "use rrsetAbsent for an RRset that must not exist")
            }
            var records: [UpdateRecord] = []
            for item in data { records.append(try UpdateRecord(name: name, data: item, recordClass: .internet)) }
            return records
        case .rrsetAbsent(let name, let type):
            return [try .rrset(of: name, type, .none)]
        case .nameInUse(let name):
            return [.allTypes(of: name, .any)]
        case .nameNotInUse(let name):
            return [.allTypes(of: name, .none)]
        }
    }

    /// The most octets that this adds to a message.
    package var lengthBound: Int {
        switch self {
        case .rrsetEquals(let name, let data):
            data.reduce(0) { $0 + name.wireBytes.count + 10 + $1.wireLength }
        case .rrsetExists(let name, _), .rrsetAbsent(let name, _), .nameInUse(let name), .nameNotInUse(let name):
            name.wireBytes.count + 10
        }
    }
}

extension UpdateOperation {
    /// RFC 2136 §2.5, row by row.
    func encoded() throws(MessageError) -> UpdateRecord {
        switch self {
        case .add(let name, let ttl, let data):
            // RFC 2181 §8
            guard ttl <= UInt32(Int32.max) else {
                throw .invalidUpdate("the TTL \(ttl) at \(name) is over 2147483647", hint: "use a shorter TTL")
            }
            return try UpdateRecord(name: name, data: data, recordClass: .internet, ttl: ttl)
        case .deleteRRset(let name, let type):
            return try .rrset(of: name, type, .any)
        case .deleteName(let name):
            return .allTypes(of: name, .any)
        case .deleteRecord(let name, let data):
            return try UpdateRecord(name: name, data: data, recordClass: .none)
        }
    }

    /// The most octets that this adds to a message.
    package var lengthBound: Int {
        switch self {
        case .add(let name, _, let data), .deleteRecord(let name, let data):
            name.wireBytes.count + 10 + data.wireLength
        case .deleteRRset(let name, _), .deleteName(let name):
            name.wireBytes.count + 10
        }
    }
}
