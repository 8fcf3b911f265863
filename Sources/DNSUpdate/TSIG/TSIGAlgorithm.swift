/// A TSIG algorithm: a keyed hash under the name that messages call it by (RFC 8945 §6).
package struct TSIGAlgorithm: Hashable, Sendable, CustomStringConvertible {
    /// The hash under the HMAC.
    enum Hash: Hashable, Sendable, CaseIterable { case md5, sha1, sha224, sha256, sha384, sha512 }

    let hash: Hash
    /// The name in messages, without trailing dot, in lower case.
    package let wireName: String
    /// The octets of an untruncated MAC under this name.
    package let macLength: Int

    private init(_ hash: Hash, _ wireName: String, macLength: Int? = nil) {
        self.hash = hash
        self.wireName = wireName
        self.macLength = macLength ?? hash.length
    }

    /// MUST NOT be used for new keys (RFC 8945 §6); here for keys that exist.
    package static let hmacMD5 = TSIGAlgorithm(.md5, "hmac-md5.sig-alg.reg.int")
    /// NOT RECOMMENDED for new keys (RFC 8945 §6).
    package static let hmacSHA1 = TSIGAlgorithm(.sha1, "hmac-sha1")
    package static let hmacSHA224 = TSIGAlgorithm(.sha224, "hmac-sha224")
    /// What every implementation has; the default of `tsig-keygen`.
    package static let hmacSHA256 = TSIGAlgorithm(.sha256, "hmac-sha256")
    package static let hmacSHA384 = TSIGAlgorithm(.sha384, "hmac-sha384")
    package static let hmacSHA512 = TSIGAlgorithm(.sha512, "hmac-sha512")

    // The names that carry the truncation in them. BIND knows none of these: its `algorithm hmac-sha256-128;` keeps the
    // name hmac-sha256 in messages and cuts the MAC (`TSIGKey.macLength`).
    package static let hmacSHA256With128Bits = TSIGAlgorithm(.sha256, "hmac-sha256-128", macLength: 16)
    package static let hmacSHA384With192Bits = TSIGAlgorithm(.sha384, "hmac-sha384-192", macLength: 24)
    package static let hmacSHA512With256Bits = TSIGAlgorithm(.sha512, "hmac-sha512-256", macLength: 32)

    /// The algorithms that a key file can name, weakest first.
    package static let all: [TSIGAlgorithm] = [
        .hmacMD5, .hmacSHA1, .hmacSHA224, .hmacSHA256, .hmacSHA384, .hmacSHA512,
    ]

    /// Octets of the hash's output: the least that a secret should have (RFC 8945 §8).
    package var hashLength: Int { hash.length }

    /// The fewest octets a MAC may be cut to: half the hash, and ten (RFC 8945 §5.2.2.1).
    package var minimumMACLength: Int { max(10, (hash.length + 1) / 2) }

    /// The name as a message carries it.
    var name: DomainName {
        let labels = wireName.utf8.split(separator: UInt8(ascii: "."))
        return DomainName(validWire: labels.flatMap { [UInt8($0.count)] + $0 } + [0])
    }

    /// The name as `tsig-keygen` writes it.
    package var description: String {
        self == .hmacMD5 ? "hmac-md5" : wireName
    }
}

extension TSIGAlgorithm.Hash {
    var length: Int {
        switch self {
        case .md5: 16
        case .sha1: 20
        case .sha224: 28
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }
}
