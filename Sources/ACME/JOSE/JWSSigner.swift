/// A key that signs requests.
protocol JWSSigner: Sendable {
    /// The `alg` header (RFC 7518 §3.1).
    var algorithm: String { get }
    var publicJWK: JSONWebKey { get }
    /// The signature in JWS form: r and s side by side (RFC 7518 §3.4).
    func sign(_ input: [UInt8]) throws(ACMEError) -> [UInt8]
}
