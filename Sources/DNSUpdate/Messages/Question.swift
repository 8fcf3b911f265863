/// The question of a query, or the zone section of an UPDATE (RFC 1035 §4.1.2, RFC 2136 §2.3).
package struct Question: Hashable, Sendable, CustomStringConvertible {
    package var name: DomainName
    package var type: RecordType
    package var recordClass: RecordClass

    package init(name: DomainName, type: RecordType, recordClass: RecordClass = .internet) {
        self.name = name
        self.type = type
        self.recordClass = recordClass
    }

    /// Equal, and the name in the same case: a server copies the question as it came, whoever guesses it may not.
    package func isIdentical(to other: Question) -> Bool {
        self == other && name.wireBytes == other.name.wireBytes
    }

    package var description: String { "\(name.absoluteText) \(recordClass) \(type)" }
}
