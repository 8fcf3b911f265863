import CLDNS

/// Lets libldns read one record or question whose bounds the layout has already checked.
///
/// One at a time and up to its end only, instead of `ldns_wire2pkt`: libldns lets a name in the data run past the end of
/// the data, ignores bytes after the last field and leaks one of two TSIG records. None of that can happen here.
enum RecordParser {
    static func parse(_ record: MessageLayout.Record, in message: [UInt8]) throws(MessageError) -> ResourceRecord {
        let parsed = try parse(record.start..<record.rdata.upperBound, in: message, section: LDNS_SECTION_ANSWER)
        return ResourceRecord(
            name: parsed.name, recordClass: record.recordClass, ttl: record.ttl,
            data: RecordData(type: record.type, rdata: parsed.rdata))
    }

    static func parseQuestion(_ range: Range<Int>, in message: [UInt8]) throws(MessageError) -> Question {
        let parsed = try parse(range, in: message, section: LDNS_SECTION_QUESTION)
        return Question(name: parsed.name, type: parsed.type, recordClass: parsed.recordClass)
    }

    private struct Parsed {
        let name: DomainName
        let type: RecordType
        let recordClass: RecordClass
        /// With the names in it uncompressed.
        let rdata: [UInt8]
    }

    private static func parse(
        _ range: Range<Int>, in message: [UInt8], section: ldns_pkt_section
    ) throws(MessageError) -> Parsed {
        var record: UnsafeMutablePointer<ldns_rr>?
        var position = range.lowerBound
        let status = ldns_wire2rr(&record, message, range.upperBound, &position, section)
        defer { ldns_rr_free(record) }
        guard status == LDNS_STATUS_OK, let record, let owner = ldns_rr_owner(record) else {
            throw .malformed("a record does not parse: \(String(cString: ldns_get_errorstr_by_id(status)))")
        }
        guard position == range.upperBound else { throw .malformed("a record's data does not fill its length") }
        var rdata: [UInt8] = []
        for index in 0..<ldns_rr_rd_count(record) {
            guard let field = ldns_rr_rdf(record, index) else { continue }
            rdata += bytes(of: field)
        }
        return Parsed(
            name: DomainName(validWire: bytes(of: owner)),
            type: RecordType(rawValue: UInt16(ldns_rr_get_type(record).rawValue)),
            recordClass: RecordClass(rawValue: UInt16(ldns_rr_get_class(record).rawValue)), rdata: rdata)
    }

    private static func bytes(of field: UnsafeMutablePointer<ldns_rdf>) -> [UInt8] {
        guard let data = ldns_rdf_data(field) else { return [] }
        return Array(UnsafeBufferPointer(start: data, count: ldns_rdf_size(field)))
    }
}
