/// One record of a message.
package struct ResourceRecord: Hashable, Sendable, CustomStringConvertible {
    package var name: DomainName
    package var type: RecordType
    package var recordClass: RecordClass
    /// In seconds; a value over 2³¹−1 means 0 (RFC 2181 §8).
    package var ttl: UInt32
    package var data: RecordData

    package init(name: DomainName, recordClass: RecordClass = .internet, ttl: UInt32, data: RecordData) {
        self.name = name
        self.type = data.type
        self.recordClass = recordClass
        self.ttl = ttl
        self.data = data
    }

    /// The record on one line, as a zone file would show it.
    package var description: String {
        "\(name.absoluteText) \(ttl) \(recordClass) \(type) \(data)"
    }
}
