/// What a certificate is for: a DNS name, mostly (RFC 8555 §9.7.7). Values compare without regard to case.
package struct Identifier: Hashable, Sendable, Codable, CustomStringConvertible {
    /// `dns` or `ip` (RFC 8738), or what future CAs say.
    package let type: String
    /// As sent; a wildcard keeps its `*.` in orders and loses it in authorizations (RFC 8555 §7.1.3, §7.1.4).
    package let value: String

    package init(type: String, value: String) {
        self.type = type
        self.value = value
    }

    package static func dns(_ name: String) -> Identifier { Identifier(type: "dns", value: name) }

    package static func == (left: Identifier, right: Identifier) -> Bool {
        left.type == right.type && left.value.lowercased() == right.value.lowercased()
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(type)
        hasher.combine(value.lowercased())
    }

    package var description: String { Evidence.text(type == "dns" ? value : "\(type):\(value)") }
}
