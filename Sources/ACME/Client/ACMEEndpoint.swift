/// Which resource of a CA a request goes to. CAs limit and shed load by it, so each is slowed down on its own.
package enum ACMEEndpoint: String, Sendable, Hashable, CaseIterable {
    case directory
    case newNonce = "new-nonce"
    case newAccount = "new-account"
    case newOrder = "new-order"
    case revokeCertificate = "revoke-cert"
    case keyChange = "key-change"
    case renewalInfo = "renewal-info"
    case account
    case order
    case authorization
    case challenge
    case finalize
    case certificate
}
