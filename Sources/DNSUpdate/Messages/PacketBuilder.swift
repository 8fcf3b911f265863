import CLDNS

/// A libldns packet under construction; lives within one synchronous function.
struct PacketBuilder: ~Copyable {
    private let packet: UnsafeMutablePointer<ldns_pkt>

    init(id: UInt16, opcode: Opcode, recursionDesired: Bool = false) throws(MessageError) {
        guard let packet = ldns_pkt_new() else { throw .outOfMemory }
        self.packet = packet
        ldns_pkt_set_id(packet, id)
        ldns_pkt_set_opcode(packet, ldns_pkt_opcode(rawValue: UInt32(opcode.rawValue)))
        ldns_pkt_set_rd(packet, recursionDesired)
    }

    deinit {
        ldns_pkt_free(packet)
    }

    /// Announces EDNS(0) with a UDP payload size (RFC 6891 §6.2.3).
    func setEDNS(payloadSize: UInt16) {
        ldns_pkt_set_edns_udp_size(packet, payloadSize)
    }

    func add(_ question: Question) throws(MessageError) {
        let record = try Self.makeRecord(
            owner: question.name, type: question.type, recordClass: question.recordClass, ttl: 0, rdata: nil)
        ldns_rr_set_question(record, true)
        try push(record, to: LDNS_SECTION_QUESTION)
    }

    func add(_ record: UpdateRecord, to section: ldns_pkt_section) throws(MessageError) {
        let record = try Self.makeRecord(
            owner: record.name, type: record.type, recordClass: record.recordClass, ttl: record.ttl,
            rdata: record.rdata)
        try push(record, to: section)
    }

    /// The message, names uncompressed: to look for what could be shortened took libldns a third of all that a bulk update
    /// costs us, for some octets on the way to a server that takes any length.
    ///
    /// - Parameter capacity: octets that it will take, as far as that is known; more are no error.
    func wireBytes(capacity: Int = 512) throws(MessageError) -> [UInt8] {
        guard let buffer = ldns_buffer_new(max(1, capacity)) else { throw .outOfMemory }
        defer { ldns_buffer_free(buffer) }
        guard ldns_pkt2buffer_wire_compress(buffer, packet, nil) == LDNS_STATUS_OK,
            let bytes = ldns_buffer_begin(buffer)
        else { throw .outOfMemory }
        return Array(UnsafeBufferPointer(start: bytes, count: ldns_buffer_position(buffer)))
    }

    /// Takes the record over, also when it fails.
    private func push(_ record: UnsafeMutablePointer<ldns_rr>, to section: ldns_pkt_section) throws(MessageError) {
        guard ldns_pkt_push_rr(packet, section, record) else {
            ldns_rr_free(record)
            throw .outOfMemory
        }
    }

    private static func makeRecord(
        owner: DomainName, type: RecordType, recordClass: RecordClass, ttl: UInt32, rdata: [UInt8]?
    ) throws(MessageError) -> UnsafeMutablePointer<ldns_rr> {
        guard let record = ldns_rr_new() else { throw .outOfMemory }
        ldns_rr_set_owner(record, makeField(LDNS_RDF_TYPE_DNAME, owner.wireBytes))
        ldns_rr_set_type(record, ldns_rr_type(rawValue: UInt32(type.rawValue)))
        ldns_rr_set_class(record, ldns_rr_class(rawValue: UInt32(recordClass.rawValue)))
        ldns_rr_set_ttl(record, ttl)
        // The data goes in as one field of octets: nobody parses text, and names in it stay uncompressed (RFC 3597 §4).
        let field = rdata.flatMap { $0.isEmpty ? nil : makeField(LDNS_RDF_TYPE_UNKNOWN, $0) }
        let isComplete =
            ldns_rr_owner(record) != nil && (rdata?.isEmpty != false || field != nil && ldns_rr_push_rdf(record, field))
        guard isComplete else {
            ldns_rr_free(record)
            throw .outOfMemory
        }
        return record
    }

    private static func makeField(_ type: ldns_rdf_type, _ bytes: [UInt8]) -> UnsafeMutablePointer<ldns_rdf>? {
        ldns_rdf_new_frm_data(type, bytes.count, bytes)
    }
}
