/// A text from a list that may grow: a value this version does not know is kept and passed on, not refused.
package protocol ExtensibleValue: RawRepresentable, Hashable, Codable, Sendable, CustomStringConvertible
where RawValue == String {
    init(rawValue: String)
}

extension ExtensibleValue {
    package var description: String { rawValue }
}
