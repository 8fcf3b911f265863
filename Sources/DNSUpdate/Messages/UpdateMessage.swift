import CLDNS

/// A dynamic update of one zone (RFC 2136 §2). With nothing in it, it asks whether the server would take updates.
package struct UpdateMessage: Hashable, Sendable {
    package var zone: DomainName
    package var prerequisites: [Prerequisite]
    package var operations: [UpdateOperation]

    package init(zone: DomainName, prerequisites: [Prerequisite] = [], operations: [UpdateOperation] = []) {
        self.zone = zone
        self.prerequisites = prerequisites
        self.operations = operations
    }

    /// The most octets of an unsigned message: below what a TCP frame holds, with room for a TSIG and for libldns, which
    /// aborts the process in its own TSIG code near 64 KiB.
    package static let maximumLength = 60_000

    /// The octets of the unsigned message.
    package var lengthBound: Int {
        let zoneLength = MessageHeader.length + zone.wireBytes.count + 4
        return zoneLength + prerequisites.reduce(0) { $0 + $1.lengthBound }
            + operations.reduce(0) { $0 + $1.lengthBound }
    }

    /// Builds the unsigned message: opcode UPDATE, all flags clear (RFC 2136 §2.2), names uncompressed.
    ///
    /// Refuses what a server would answer with FORMERR, which does not say what is at fault (RFC 2136 §3.4.1.2), and
    /// what would do more than its name says.
    ///
    /// - Parameter id: must differ from every other message under way on the connection.
    package func wire(id: UInt16) throws(MessageError) -> [UInt8] {
        var required: [UpdateRecord] = []
        for prerequisite in prerequisites { required += try prerequisite.encoded() }
        var changes: [UpdateRecord] = []
        changes.reserveCapacity(operations.count)
        for operation in operations { changes.append(try operation.encoded()) }
        // A record takes an octet of name and ten of fields at least: what cannot fit is refused before libldns, whose
        // section counts have 16 bits and whose buffer grows without limit, is given any of it.
        let leastLength = [required, changes].joined().reduce(0) { $0 + 11 + ($1.rdata?.count ?? 0) }
        guard leastLength <= Self.maximumLength else { throw tooLarge(leastLength) }

        let packet = try PacketBuilder(id: id, opcode: .update)
        // RFC 2136 §2.3: the zone section is one question of type SOA.
        try packet.add(Question(name: zone, type: .soa))
        for record in required { try packet.add(record, to: LDNS_SECTION_ANSWER) }
        for record in changes { try packet.add(record, to: LDNS_SECTION_AUTHORITY) }
        let bytes = try packet.wireBytes(capacity: min(lengthBound, Self.maximumLength))
        guard bytes.count <= Self.maximumLength else { throw tooLarge(bytes.count) }
        return bytes
    }

    private func tooLarge(_ length: Int) -> MessageError {
        MessageError(
            code: .tooLarge,
            message: "\(operations.count) changes take \(length) octets, more than \(Self.maximumLength)",
            hint: "send it in several messages")
    }
}
