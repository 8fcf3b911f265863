#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// Since when a CA has not worked.
package struct AuthorityTroubleRecord: Sendable, Hashable {
    package let since: Date
    /// Attempts that failed since then.
    package let failures: Int
}

/// Which CAs do not work: known to every process, so that a job that runs each hour knows of the hours before.
package protocol AuthorityTroubleStore: Sendable {
    /// Notes one more failure.
    func noteTrouble(at directoryURL: String) async throws(FleetStoreError) -> AuthorityTroubleRecord

    /// The failures noted since the CA last worked; nil: none.
    func trouble(at directoryURL: String) async throws(FleetStoreError) -> AuthorityTroubleRecord?

    /// Forgets the failures: the CA works.
    func clearTrouble(at directoryURL: String) async throws(FleetStoreError)
}
