import Crypto
package import FleetAPI

/// What is stored of a token: SHA-256. The token has 256 random bits, so nothing slower would make it harder to guess.
package enum SecretHash {
    package static func of(_ token: SecretToken) -> [UInt8] {
        Array(SHA256.hash(data: Array(token.reveal().utf8)))
    }

    /// Compares in a time that does not depend on where the two differ.
    static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
