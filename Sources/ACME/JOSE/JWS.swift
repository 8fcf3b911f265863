/// A JWS in flattened JSON serialisation (RFC 7515 §7.2.2), the body of every ACME POST (RFC 8555 §6.2).
struct JWS: Encodable, Equatable, Sendable {
    /// The protected header. Exactly one of `jwk` and `kid` is set; members that are `nil` are left out.
    struct Header: Encodable {
        let alg: String
        var jwk: JSONWebKey?
        var kid: String?
        var nonce: String?
        let url: ACMEURL
    }

    let protected: String
    let payload: String
    let signature: String

    /// - Parameter payload: the JSON, or nothing for POST-as-GET (RFC 8555 §6.3), whose payload is the empty string.
    /// - Parameter sign: turns the signing input into the signature.
    init(
        header: Header, payload: [UInt8], sign: ([UInt8]) throws(ACMEError) -> [UInt8]
    ) throws(ACMEError) {
        let protected = Base64URL.encode(try WireJSON.encode(header))
        let payload = Base64URL.encode(payload)
        // RFC 7515 §5.1 step 5: ASCII(BASE64URL(header) || '.' || BASE64URL(payload))
        let signature = Base64URL.encode(try sign(Array("\(protected).\(payload)".utf8)))
        self.protected = protected
        self.payload = payload
        self.signature = signature
    }

    /// Who signs a request.
    enum Identity: Sendable {
        /// By public key, for newAccount and for revocation by certificate key only (RFC 8555 §6.2).
        case key
        /// By account URL.
        case account(ACMEURL)
    }

    init(
        signedBy signer: some JWSSigner, as identity: Identity, nonce: String?, url: ACMEURL, payload: [UInt8]
    ) throws(ACMEError) {
        var header = Header(alg: signer.algorithm, nonce: nonce, url: url)
        switch identity {
        case .key: header.jwk = signer.publicJWK
        case .account(let account): header.kid = account.text
        }
        try self.init(header: header, payload: payload) { input throws(ACMEError) in try signer.sign(input) }
    }
}
