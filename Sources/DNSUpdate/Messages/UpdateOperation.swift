/// One change (RFC 2136 §2.5). The changes of a message are applied in order (§3.4.2), all or none (§3.7).
///
/// | Case | Class | Type | RDATA | TTL |
/// |---|---|---|---|---|
/// | `add` (§2.5.1) | the zone's | type | the record | the record's |
/// | `deleteRRset` (§2.5.2) | ANY | type | empty | 0 |
/// | `deleteName` (§2.5.3) | ANY | ANY | empty | 0 |
/// | `deleteRecord` (§2.5.4) | NONE | type | the record | 0 |
///
/// What a server cannot do it skips and still answers NOERROR: an addition beside a CNAME, the deletion of what is not
/// there, of the SOA or of the last NS (§3.4.2.2–4). Only reading back tells.
package enum UpdateOperation: Hashable, Sendable {
    /// Adds a record, or sets the TTL (0 to 2³¹−1 seconds) of one that is there with the same data.
    case add(DomainName, ttl: UInt32, RecordData)
    /// Deletes all records of a type, whoever added them.
    case deleteRRset(DomainName, RecordType)
    /// Deletes all records of a name, whoever added them. BIND's policies check it against every type that is there.
    case deleteName(DomainName)
    /// Deletes the record with this very data; others of its type stay.
    case deleteRecord(DomainName, RecordData)
}
