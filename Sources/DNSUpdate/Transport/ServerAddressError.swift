/// Why a server address could not be used.
package struct ServerAddressError: Error, Sendable, Equatable, CustomStringConvertible {
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Value: String { case notAnAddress, badPort, unresolvable }
        private let value: Value
        /// Neither an address nor a host name.
        package static let notAnAddress = Code(value: .notAnAddress)
        /// The part after the colon is not 1 to 65535.
        package static let badPort = Code(value: .badPort)
        /// The host name has no address.
        package static let unresolvable = Code(value: .unresolvable)
        package var description: String { value.rawValue }
    }

    package let code: Code
    package let message: String
    package let hint: String

    package init(_ code: Code, message: String, hint: String) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    package var description: String { message }

    package static func == (left: Self, right: Self) -> Bool { left.code == right.code }

    /// Outside text made fit for one line of a message: at most 100 printable ASCII characters.
    static func quote(_ text: some StringProtocol) -> String {
        let shown = text.unicodeScalars.prefix(100).map { scalar in
            scalar.value >= 0x20 && scalar.value < 0x7F ? String(scalar) : scalar.escaped(asASCII: true)
        }
        return shown.joined()
    }
}
