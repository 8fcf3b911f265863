/// A secret shared with a server, under a name and for one algorithm (RFC 8945 §2, §10).
package struct TSIGKey: Hashable, Sendable, CustomStringConvertible {
    package let name: DomainName
    package let algorithm: TSIGAlgorithm
    package let secret: TSIGSecret
    /// The octets of the MAC that is sent, and the fewest that are accepted in answers.
    package let macLength: Int

    /// - Parameters:
    ///   - secret: at least half the hash's output and 10 octets. A secret shorter than the whole output makes `isWeak`.
    ///   - macLength: `algorithm.minimumMACLength` to `algorithm.macLength`; nil for the latter (RFC 8945 §5.2.2.1).
    package init(
        name: DomainName, algorithm: TSIGAlgorithm, secret: [UInt8], macLength: Int? = nil
    ) throws(TSIGKeyError) {
        guard !secret.isEmpty else {
            throw TSIGKeyError(
                code: .emptySecret, message: "the key \"\(name)\" has an empty secret",
                hint: "make a new key: tsig-keygen -a \(algorithm) \(name)")
        }
        // RFC 8945 §8: as long as the hash's output; half of it is where guessing starts to be thinkable.
        guard secret.count >= max(10, algorithm.hashLength / 2) else {
            throw TSIGKeyError(
                code: .secretTooShort,
                message: "the key \"\(name)\" has a secret of \(secret.count) octets; "
                    + "\(algorithm) needs \(algorithm.hashLength), and less than half is refused",
                hint: "make a new key: tsig-keygen -a \(algorithm) \(name)")
        }
        let macLength = macLength ?? algorithm.macLength
        guard (algorithm.minimumMACLength...algorithm.macLength).contains(macLength) else {
            throw TSIGKeyError(
                code: .invalidTruncation,
                message: "the key \"\(name)\" cuts the MAC to \(macLength * 8) bits; \(algorithm) allows "
                    + "\(algorithm.minimumMACLength * 8) to \(algorithm.macLength * 8)",
                hint: "leave the number of bits out of the algorithm")
        }
        self.name = name
        self.algorithm = algorithm
        self.secret = TSIGSecret(secret)
        self.macLength = macLength
    }

    /// Whether the secret is shorter than the hash's output, which RFC 8945 §8 advises against.
    package var isWeak: Bool { secret.bytes.count < algorithm.hashLength }

    /// The name and the algorithm; never the secret.
    package var description: String { "\(name) (\(algorithm))" }

    /// A new key with a random secret as long as the hash's output.
    package static func generate(
        name: DomainName, algorithm: TSIGAlgorithm = .hmacSHA256, using generator: inout some RandomNumberGenerator
    ) throws(TSIGKeyError) -> TSIGKey {
        var secret: [UInt8] = []
        for _ in 0..<algorithm.hashLength { secret.append(UInt8.random(in: .min ... .max, using: &generator)) }
        return try TSIGKey(name: name, algorithm: algorithm, secret: secret)
    }

    /// The `key` statement of named.conf, laid out as `tsig-keygen` prints it. Holds the secret.
    package var configurationText: String {
        let bits = macLength == algorithm.macLength ? "" : "-\(macLength * 8)"
        return """
            key "\(name)" {
            \talgorithm \(algorithm)\(bits);
            \tsecret "\(Base64.encode(secret.bytes))";
            };

            """
    }
}
