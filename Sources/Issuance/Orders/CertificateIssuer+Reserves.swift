import ACME
package import FleetStore
import FoundationEssentials

extension CertificateIssuer {
    /// Orders a certificate, or goes on with the order that an interrupted run has left, up to the chain. When the CA has
    /// not worked for long enough, a reserve is asked, for what cannot wait.
    /// - Parameter lease: the device's; the journal is written under it.
    package func obtain(_ wish: Wish, lease: Lease, progress: @escaping ProgressHandler) async throws -> Obtained {
        guard !reserves.isEmpty else { return try await obtainHere(wish, lease: lease, progress: progress) }
        do {
            let obtained = try await obtainHere(wish, lease: lease, progress: progress)
            try await store.clearTrouble(at: client.directoryURL.text)
            return obtained
        } catch let error as ACMEError where OutageRule.isOutage(error) || error.code == .heldBack {
            // That we leave the CA alone because it has asked for it says nothing new about it.
            let trouble =
                error.code == .heldBack
                ? try await store.trouble(at: client.directoryURL.text)
                : try await store.noteTrouble(at: client.directoryURL.text)
            guard let trouble else { throw error }
            for reserve in reserves where isNeeded(reserve, trouble, for: wish) {
                progress(.init(.account, Self.warning(reserve, since: trouble, because: error)))
                var wish = wish
                wish.profile = reserve.profile
                do {
                    return try await reserve.issuer.obtain(wish, lease: lease, progress: progress)
                } catch let failure as ACMEError where OutageRule.isOutage(failure) || failure.code == .heldBack {
                    progress(.init(.account, "warning: \(failure.message)"))
                }
            }
            throw error
        }
    }

    /// The CAs that certificates may come from, the first one first.
    package var directoryURLs: [String] { [client.directoryURL.text] + reserves.flatMap(\.issuer.directoryURLs) }

    /// The reserves as the scheduler has to know them.
    package var workReserves: [WorkBoard.Reserve] {
        reserves.map { WorkBoard.Reserve(directoryURL: $0.issuer.directoryURL, after: $0.after) }
    }

    /// The issuer, with client and account, at the CA that issued it; nil when that is not configured any more.
    func issuer(of record: CertificateRecord) -> CertificateIssuer? {
        if record.directoryURL == client.directoryURL.text { return self }
        return reserves.lazy.compactMap { $0.issuer.issuer(of: record) }.first
    }

    private func isNeeded(_ reserve: AuthorityReserve, _ trouble: AuthorityTroubleRecord, for wish: Wish) -> Bool {
        let present = wish.predecessor.flatMap { $0.revokedAt == nil ? $0.validity : nil }
        return OutageRule.isDown(trouble, patience: reserve.after, now: now())
            && OutageRule.isPressing(present, now: now())
    }

    private static func warning(
        _ reserve: AuthorityReserve, since trouble: AuthorityTroubleRecord, because error: ACMEError
    ) -> String {
        let host = reserve.issuer.client.directoryURL.host
        return
            "warning: the CA has not worked since \(trouble.since.formatted(.iso8601)) (\(error.message)); asking \(host)"
            + " instead: it has an account and limits of its own, CAA must allow it, and the next renewal at the first CA"
            + " is not exempt from that one's limits"
    }
}
