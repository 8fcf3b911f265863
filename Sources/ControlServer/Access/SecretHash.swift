import Crypto
package import FleetAPI

/// What is stored of a token: SHA-256. The token has 256 random bits, so nothing slower would make it harder to guess.
package enum SecretHash {
    package static func of(_ token: SecretToken) -> [UInt8] {
        Array(SHA256.hash(data: Array(token.reveal().utf8)))
    }
}
