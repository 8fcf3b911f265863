/// Steps over the parts of a message and checks each, without building anything.
struct MessageScanner {
    private var reader: ByteReader

    init(_ message: [UInt8], at position: Int) {
        reader = ByteReader(message, at: position)
    }

    var isAtEnd: Bool { reader.isAtEnd }

    /// Real encoders need a handful of steps for a name; more only cost time.
    private static let maximumPointers = 64

    mutating func skipQuestion() throws(MessageError) -> Range<Int> {
        let start = reader.position
        try skipName()
        guard reader.skip(4) else { throw .malformed("it ends inside a question") }
        return start..<reader.position
    }

    mutating func skipRecord(in section: MessageLayout.Section) throws(MessageError) -> MessageLayout.Record {
        let start = reader.position
        try skipName()
        guard let type = reader.readUInt16(), let recordClass = reader.readUInt16(), let ttl = reader.readUInt32(),
            let length = reader.readUInt16(), reader.skip(Int(length))
        else { throw .malformed("it ends inside a record") }
        return MessageLayout.Record(
            section: section, start: start, type: RecordType(rawValue: type),
            recordClass: RecordClass(rawValue: recordClass), ttl: ttl,
            rdata: reader.position - Int(length)..<reader.position)
    }

    /// Steps over a name and returns it uncompressed (RFC 1035 §4.1.4).
    mutating func readName() throws(MessageError) -> DomainName {
        var wire: [UInt8] = []
        try skipName { wire.append(contentsOf: $0) }
        return DomainName(validWire: wire + [0])
    }

    /// Steps over a name, lending each label with its length octet.
    private mutating func skipName(_ label: (ArraySlice<UInt8>) -> Void = { _ in }) throws(MessageError) {
        let bytes = reader.bytes
        var position = reader.position
        // Where the name goes on after the first pointer, which is where the next field starts.
        var resume: Int?
        var length = 1
        var pointers = 0
        // A pointer must lead before the part of the name it ends, so that no name can loop.
        var floor = position
        while true {
            guard position < bytes.count else { throw .malformed("it ends inside a name") }
            let octet = bytes[position]
            switch octet {
            case 0:
                reader.seek(to: resume ?? position + 1)
                return
            case 1...63:
                let end = position + 1 + Int(octet)
                length += Int(octet) + 1
                guard end <= bytes.count else { throw .malformed("it ends inside a label") }
                guard length <= DomainName.maximumWireLength else { throw .malformed("a name exceeds 255 octets") }
                label(bytes[position..<end])
                position = end
            case 0xC0...0xFF:
                guard position + 1 < bytes.count else { throw .malformed("it ends inside a pointer") }
                let target = Int(octet & 0x3F) << 8 | Int(bytes[position + 1])
                pointers += 1
                guard target >= MessageHeader.length, target < floor, pointers <= Self.maximumPointers else {
                    throw .malformed("a compression pointer at octet \(position) leads to \(target)")
                }
                resume = resume ?? position + 2
                position = target
                floor = target
            default:
                throw .malformed("octet \(position) is no label length: \(octet)")
            }
        }
    }
}
