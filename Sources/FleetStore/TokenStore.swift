/// Tokens for enrollment, CI jobs and operators. The store knows hashes only.
package protocol TokenStore: Sendable {
    /// Stores a token and an audit entry about it.
    ///
    /// - Throws: `conflict` when there is one with that hash.
    func createToken(_ new: NewAccessToken, audit: NewAuditEntry) async throws(FleetStoreError) -> AccessToken

    /// The token with that SHA-256, usable or not, or nil.
    func token(hash: [UInt8]) async throws(FleetStoreError) -> AccessToken?

    /// Tokens in the order of their creation.
    ///
    /// - Parameters:
    ///   - after: the last one of the previous page; nil for the first page.
    ///   - limit: 1...10,000; values outside are clamped.
    func tokens(after: AccessToken.ID?, limit: Int) async throws(FleetStoreError) -> [AccessToken]

    /// Takes one use from the token, in one step with the test whether it is good.
    ///
    /// - Returns: nil when the use was taken, else why not.
    func useToken(hash: [UInt8]) async throws(FleetStoreError) -> TokenRefusal?

    /// Makes a token worthless from now on; one that is already is left as it is.
    ///
    /// - Returns: the token as it is now; nil when there is none of that key.
    func revokeToken(_ id: AccessToken.ID, audit: NewAuditEntry) async throws(FleetStoreError) -> AccessToken?
}
