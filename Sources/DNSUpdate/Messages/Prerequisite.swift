/// What must hold for an update to be applied (RFC 2136 §2.4). All of an update's prerequisites are checked before
/// anything is changed, and one that fails leaves the zone as it was.
///
/// | Case | Class | Type | RDATA | TTL | RCODE when it does not hold |
/// |---|---|---|---|---|---|
/// | `rrsetExists` (§2.4.1) | ANY | type | empty | 0 | NXRRSET |
/// | `rrsetEquals` (§2.4.2) | the zone's | type | each record | 0 | NXRRSET |
/// | `rrsetAbsent` (§2.4.3) | NONE | type | empty | 0 | YXRRSET |
/// | `nameInUse` (§2.4.4) | ANY | ANY | empty | 0 | NXDOMAIN |
/// | `nameNotInUse` (§2.4.5) | NONE | ANY | empty | 0 | YXDOMAIN |
package enum Prerequisite: Hashable, Sendable {
    /// The name has at least one record of any type.
    case nameInUse(DomainName)
    /// The name has no record at all.
    case nameNotInUse(DomainName)
    /// The name has records of the type, whatever they hold.
    case rrsetExists(DomainName, RecordType)
    /// The name has no record of the type.
    case rrsetAbsent(DomainName, RecordType)
    /// For each type in the list, the name has exactly these records, in any order and with any TTL. Never empty.
    case rrsetEquals(DomainName, [RecordData])
}
