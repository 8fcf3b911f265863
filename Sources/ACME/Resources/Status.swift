/// The state of an ACME object. Each object uses some of these (RFC 8555 §7.1.6); values unknown here survive decoding.
package struct Status: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible {
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    package static let pending = Status(rawValue: "pending")
    package static let ready = Status(rawValue: "ready")
    package static let processing = Status(rawValue: "processing")
    package static let valid = Status(rawValue: "valid")
    package static let invalid = Status(rawValue: "invalid")
    package static let deactivated = Status(rawValue: "deactivated")
    package static let expired = Status(rawValue: "expired")
    package static let revoked = Status(rawValue: "revoked")

    package var description: String { Evidence.text(rawValue) }
}
