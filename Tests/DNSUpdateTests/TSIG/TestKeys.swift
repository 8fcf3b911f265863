@testable import DNSUpdate

/// Keys that stand in tests; none is used anywhere else.
enum TestKeys {
    static let sha256 = make("key.example", .hmacSHA256)

    /// A key with a secret as long as the hash's output.
    static func make(_ name: String, _ algorithm: TSIGAlgorithm, macLength: Int? = nil) -> TSIGKey {
        do {
            return try TSIGKey(
                name: DomainName(name), algorithm: algorithm,
                secret: (0..<UInt8(algorithm.hashLength)).map { $0 &* 7 &+ 1 }, macLength: macLength)
        } catch {
            preconditionFailure("\(error)")
        }
    }

    /// Every algorithm name that can be on the wire.
    static let algorithms =
        TSIGAlgorithm.all + [.hmacSHA256With128Bits, .hmacSHA384With192Bits, .hmacSHA512With256Bits]
}
