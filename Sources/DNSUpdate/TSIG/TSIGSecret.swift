/// The octets of a shared secret. Nothing that prints, dumps or mirrors a value shows them.
package struct TSIGSecret: Hashable, Sendable {
    /// For the MAC and for writing a key file; never for a message to people.
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }
}

extension TSIGSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "<redacted>" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
