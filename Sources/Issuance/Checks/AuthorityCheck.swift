package import ACME
package import DNSUpdate

/// Proves the way to the CA without an order: its directory, the profile, our account, and that CAA lets it issue.
package struct AuthorityCheck: Sendable {
    private let client: ACMEClient
    private let accounts: AccountManager
    private let profile: String?
    private let method: ChallengeType
    private let resolver: DNSEndpoint?
    private let report: @Sendable (CheckStep) -> Void

    /// - Parameter resolver: asked about CAA above the zones; see ``CAACheck``.
    package init(
        client: ACMEClient, accounts: AccountManager, profile: String?, method: ChallengeType = .dns01,
        resolver: DNSEndpoint? = nil, report: @escaping @Sendable (CheckStep) -> Void
    ) {
        self.client = client
        self.accounts = accounts
        self.profile = profile
        self.method = method
        self.resolver = resolver
        self.report = report
    }

    /// - Parameter zones: those whose CAA records are held against the CA; only the ones whose primary answers.
    package func run(zones: [ManagedZone]) async {
        let subject = client.directoryURL.text
        let directory: Directory
        do throws(ACMEError) {
            directory = try await client.directory()
        } catch {
            report(CheckStep(.directory, subject, failure: error))
            for kind in [CheckStep.Kind.account, .caa] {
                report(CheckStep(kind, subject, .skipped, "not tried, since the CA cannot be used"))
            }
            return
        }
        report(profileStep(directory, subject))
        await checkAccount(subject, directory)
        for zone in zones { await checkCAA(zone, directory) }
    }

    private func profileStep(_ directory: Directory, _ subject: String) -> CheckStep {
        let profiles = directory.meta.profiles
        if let profile, !profiles.isEmpty, profiles[profile] == nil {
            let failure = IssuanceError(
                .profileUnknown,
                "the CA has no profile \"\(profile)\"; it offers \(profiles.keys.sorted().joined(separator: ", "))",
                hints: ["correct acme.profile in the configuration, or leave it out"])
            return CheckStep(.directory, subject, failure: failure)
        }
        let renewal = directory.renewalInfo == nil ? "" : ", says when to renew (ARI)"
        return CheckStep(.directory, subject, .ok, "answers\(profile.map { ", has profile \($0)" } ?? "")\(renewal)")
    }

    private func checkAccount(_ subject: String, _ directory: Directory) async {
        do {
            guard try await accounts.current() != nil else {
                report(accounts.readiness(directory, subject: subject))
                return
            }
            let account = try await accounts.show()
            guard account.status == .valid else {
                throw IssuanceError(
                    .accountMissing, "the CA says that account \(account.url) is \(account.status)",
                    hints: ["move \(accounts.keyLocation) away, then run ddns-acme account create"])
            }
            report(CheckStep(.account, subject, .ok, "\(account.url) is valid"))
        } catch let error as ACMEError where error.code == .accountDoesNotExist {
            report(
                CheckStep(
                    .account, subject, .warning, "the CA does not know our account any more: \(error.message)",
                    hints: ["the next issue registers its key again"]))
        } catch {
            report(CheckStep(.account, subject, failure: error))
        }
    }

    private func checkCAA(_ zone: ManagedZone, _ directory: Directory) async {
        let subject = zone.name.description
        let identities = directory.meta.caaIdentities
        guard !identities.isEmpty else {
            report(
                CheckStep(
                    .caa, subject, .ok, "not checked: the CA's directory does not say which names it has in CAA records"
                ))
            return
        }
        do {
            let account = try? await accounts.current()?.url.text
            let reach = try await CAACheck(resolver: resolver).require(
                [subject], in: zone, identities: identities, accountURL: account, method: method)
            report(step(subject, "lets \(identities.joined(separator: ", ")) issue", reach))
        } catch {
            report(CheckStep(.caa, subject, failure: error))
        }
    }
    /// What is not known is said: a CA climbs as far as the top-level domain (RFC 8659 §3).
    private func step(_ subject: String, _ finding: String, _ reach: CAACheck.Reach) -> CheckStep {
        guard !reach.unasked.isEmpty else { return CheckStep(.caa, subject, .ok, finding) }
        let names = reach.unasked.map(\.description).joined(separator: " and ")
        guard let trouble = reach.trouble else {
            return CheckStep(.caa, subject, .ok, "\(finding); \(names) not asked (--resolver)")
        }
        return CheckStep(
            .caa, subject, .warning, "\(finding), but what \(names) says could not be looked up: \(trouble.message)",
            hints: [trouble.hint])
    }
}
