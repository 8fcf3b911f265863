/// The CA accounts, one per ACME directory.
package protocol AccountStore: Sendable {
    /// The account at that directory, or nil.
    func account(directoryURL: String) async throws(FleetStoreError) -> AccountRecord?

    /// All accounts, in the order of their directory URLs.
    func accounts() async throws(FleetStoreError) -> [AccountRecord]

    /// Stores the account of `account.directoryURL`, replacing what was there; returns it as stored.
    func saveAccount(_ account: NewAccount) async throws(FleetStoreError) -> AccountRecord
}
