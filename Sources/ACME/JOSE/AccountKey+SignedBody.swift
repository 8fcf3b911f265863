extension JWSSigner {
    /// The body of a signed request (RFC 8555 §6.2).
    func signedBody(
        as identity: JWS.Identity, nonce: String, url: ACMEURL, payload: [UInt8]
    ) throws(ACMEError) -> [UInt8] {
        try WireJSON.encode(JWS(signedBy: self, as: identity, nonce: nonce, url: url, payload: payload))
    }
}

extension AccountKey {
    /// The body of a request by that account, as ``AccountSession`` sends it.
    package func signedBody(
        account: ACMEURL, nonce: String, url: ACMEURL, payload: [UInt8]
    ) throws(ACMEError) -> [UInt8] {
        try signedBody(as: .account(account), nonce: nonce, url: url, payload: payload)
    }
}
