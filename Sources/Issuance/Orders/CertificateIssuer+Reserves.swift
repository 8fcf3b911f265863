import ACME
package import FleetStore
import FoundationEssentials

extension CertificateIssuer {
    /// Failures of the first CA without which it is not taken for broken, however long the first of them is ago.
    private static let failuresOfAnOutage = 3

    /// Orders a certificate, or goes on with the order that an interrupted run has left, up to the chain. When the CA has
    /// not worked for long enough, a reserve is asked, for what cannot wait.
    /// - Parameter lease: the device's; the journal is written under it.
    package func obtain(_ wish: Wish, lease: Lease, progress: @escaping ProgressHandler) async throws -> Obtained {
        guard !reserves.isEmpty else { return try await obtainHere(wish, lease: lease, progress: progress) }
        do {
            let obtained = try await obtainHere(wish, lease: lease, progress: progress)
            try await store.clearTrouble(at: client.directoryURL.text)
            return obtained
        } catch let error as ACMEError where Self.isOutage(error) {
            let trouble = try await store.noteTrouble(at: client.directoryURL.text)
            for reserve in reserves where isNeeded(reserve, trouble, for: wish) {
                progress(.init(.account, Self.warning(reserve, since: trouble, because: error)))
                var wish = wish
                wish.profile = reserve.profile
                do {
                    return try await reserve.issuer.obtain(wish, lease: lease, progress: progress)
                } catch let failure as ACMEError where Self.isOutage(failure) {
                    progress(.init(.account, "warning: \(failure.message)"))
                }
            }
            throw error
        }
    }

    /// The CAs that certificates may come from, the first one first.
    package var directoryURLs: [String] { [client.directoryURL.text] + reserves.flatMap(\.issuer.directoryURLs) }

    /// The client of the CA that issued it; nil when that is not configured any more.
    func client(of record: CertificateRecord) -> ACMEClient? {
        if record.directoryURL == client.directoryURL.text { return client }
        return reserves.lazy.compactMap { $0.issuer.client(of: record) }.first
    }

    /// Whether the CA is down or broken. What it refuses, our limits, our account, our resolver or proxy and our trust in its
    /// certificate are no reason to go elsewhere: another CA would only hide them.
    private static func isOutage(_ error: ACMEError) -> Bool {
        [.connectFailed, .timedOut, .connectionLost, .serverInternal, .serviceBusy].contains(error.code)
    }

    private func isNeeded(_ reserve: AuthorityReserve, _ trouble: AuthorityTroubleRecord, for wish: Wish) -> Bool {
        let time = now()
        guard trouble.failures >= Self.failuresOfAnOutage,
            time.timeIntervalSince(trouble.since) >= reserve.after.seconds
        else { return false }
        guard let present = wish.predecessor, present.revokedAt == nil, present.notAfter > time else { return true }
        // A renewal is due with a third of the life left: half of that is for the first CA to come back.
        let life = present.notAfter.timeIntervalSince(present.notBefore)
        return present.notAfter.timeIntervalSince(time) < life / 6
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
