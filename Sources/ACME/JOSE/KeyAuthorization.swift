import Crypto

/// What proves that the holder of an account key answers a challenge (RFC 8555 §8.1).
package struct KeyAuthorization: Sendable, Hashable {
    /// `token "." base64url(thumbprint of the account key)`
    package let text: String

    /// - Throws: `protocolViolation` when the token holds anything outside the base64url alphabet: RFC 8555 §8.1
    ///   forbids it, and the value is about to be published.
    package init(token: String, key: AccountKey) throws(ACMEError) {
        guard !token.isEmpty, token.utf8.count <= 1024, Base64URL.isAlphabet(token) else {
            throw ACMEError(.protocolViolation, "the challenge token \(Evidence.quote(token)) is not base64url")
        }
        text = "\(token).\(key.thumbprint)"
    }

    /// - Throws: `protocolViolation` when the challenge has no token, or an invalid one.
    package init(challenge: Challenge, key: AccountKey) throws(ACMEError) {
        guard let token = challenge.token else {
            throw ACMEError(
                .protocolViolation, "the \(challenge.type) challenge \(challenge.url) has no token", url: challenge.url)
        }
        try self.init(token: token, key: key)
    }

    /// The value of the TXT record at `_acme-challenge.<name>`: base64url of the SHA-256, 43 characters (RFC 8555
    /// §8.4).
    package var dns01Value: String { Base64URL.encode(SHA256.hash(data: Array(text.utf8))) }
}
