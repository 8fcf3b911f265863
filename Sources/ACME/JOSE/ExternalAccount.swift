import Crypto

/// The credentials that bind an ACME account to an account that the operator already has with the CA (RFC 8555 §7.3.4).
package struct ExternalAccount: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The MAC. HS256 is what CAs use; the others are for those that ask for them.
    package enum Algorithm: String, Sendable, CaseIterable {
        case hs256 = "HS256"
        case hs384 = "HS384"
        case hs512 = "HS512"
    }

    package let keyID: String
    package let algorithm: Algorithm
    private let macKey: SymmetricKey

    /// - Parameter macKey: base64url, as CAs hand it out; standard base64 and padding are taken as well.
    /// - Throws: `invalidInput` when the key id is empty or the key does not decode.
    package init(keyID: String, macKey: String, algorithm: Algorithm = .hs256) throws(ACMEError) {
        let text = String(
            macKey.filter { !$0.isWhitespace && $0 != "=" }.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
        guard !keyID.isEmpty, let bytes = Base64URL.decode(text), !bytes.isEmpty else {
            throw ACMEError(
                .invalidInput, "the external account needs a key id and an HMAC key in base64url",
                hint: "copy both from the CA's account page")
        }
        self.keyID = keyID
        self.algorithm = algorithm
        self.macKey = SymmetricKey(data: bytes)
    }

    /// The JWS that goes into newAccount: signed by the MAC key over the account's public key, without a nonce.
    func binding(of key: AccountKey, newAccount url: ACMEURL) throws(ACMEError) -> JWS {
        try JWS(
            header: JWS.Header(alg: algorithm.rawValue, kid: keyID, url: url), payload: WireJSON.encode(key.publicJWK)
        ) { input in authenticate(input) }
    }

    private func authenticate(_ input: [UInt8]) -> [UInt8] {
        switch algorithm {
        case .hs256: Array(HMAC<SHA256>.authenticationCode(for: input, using: macKey))
        case .hs384: Array(HMAC<SHA384>.authenticationCode(for: input, using: macKey))
        case .hs512: Array(HMAC<SHA512>.authenticationCode(for: input, using: macKey))
        }
    }

    package var description: String { "ExternalAccount(keyID: \(keyID), macKey: <redacted>)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["keyID": keyID]) }
}
