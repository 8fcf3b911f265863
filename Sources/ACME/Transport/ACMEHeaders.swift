/// HTTP header fields: names compare without regard to case, repeated fields and their order are kept.
package struct ACMEHeaders: Sendable, ExpressibleByDictionaryLiteral {
    package private(set) var fields: [(name: String, value: String)] = []

    package init() {}

    package init(dictionaryLiteral elements: (String, String)...) {
        fields = elements.map { (name: $0.0, value: $0.1) }
    }

    /// Adds a field beside those of the same name.
    package mutating func append(_ name: String, _ value: String) {
        fields.append((name, value))
    }

    /// The first value of a field; setting replaces all of them, `nil` removes them.
    package subscript(name: String) -> String? {
        get { fields.first { Self.areEqual($0.name, name) }?.value }
        set {
            fields.removeAll { Self.areEqual($0.name, name) }
            if let newValue { fields.append((name, newValue)) }
        }
    }

    /// Every value of a field, in order.
    package func values(for name: String) -> [String] {
        fields.filter { Self.areEqual($0.name, name) }.map(\.value)
    }

    private static func areEqual(_ left: String, _ right: String) -> Bool {
        left.utf8.count == right.utf8.count && left.lowercased() == right.lowercased()
    }
}
