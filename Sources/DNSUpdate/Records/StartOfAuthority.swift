/// The data of an SOA record (RFC 1035 §3.3.13). Intervals are in seconds.
package struct StartOfAuthority: Hashable, Sendable {
    /// MNAME, the zone's primary as the zone itself names it.
    package var primaryName: DomainName
    /// RNAME, the mailbox of whoever is responsible.
    package var responsibleName: DomainName
    package var serial: SerialNumber
    package var refresh: UInt32
    package var retry: UInt32
    package var expire: UInt32
    /// The TTL of negative answers, at most the SOA's own (RFC 2308 §4).
    package var minimum: UInt32

    package init(
        primaryName: DomainName, responsibleName: DomainName, serial: SerialNumber, refresh: UInt32, retry: UInt32,
        expire: UInt32, minimum: UInt32
    ) {
        self.primaryName = primaryName
        self.responsibleName = responsibleName
        self.serial = serial
        self.refresh = refresh
        self.retry = retry
        self.expire = expire
        self.minimum = minimum
    }
}
