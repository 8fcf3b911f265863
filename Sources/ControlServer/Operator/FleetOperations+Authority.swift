import DNSUpdate
package import FleetAPI
package import Issuance

extension FleetOperations {
    /// The account as the CA has it now.
    package func account() async throws -> AccountDocument {
        AccountDocument(try await services.accounts.report(for: services.issuer))
    }

    /// What the server believes that the CA allows.
    package func limits() -> LimitsDocument {
        let model = services.issuer.limits
        return LimitsDocument(
            directory: model.directoryURL, profile: services.profile, newOrders: .init(model.limits.newOrders),
            certificatesPerDomain: .init(model.limits.certificatesPerDomain),
            certificatesPerSet: .init(model.limits.certificatesPerSet))
    }
}

extension AccountDocument {
    package init(_ report: AccountReport) {
        self.init(
            url: report.url, status: report.status, contacts: report.contacts, directory: report.directoryURL,
            keyFile: report.keyLocation, termsOfService: report.termsOfService,
            caa: report.caa.map {
                CAA(zone: $0.zone.description, records: $0.records, finding: $0.finding, isBound: $0.isBound)
            })
    }
}

extension LimitsDocument.Limit {
    init?(_ limit: AuthorityLimits.Limit?) {
        guard let limit else { return nil }
        self.init(count: limit.count, seconds: Int(limit.period.components.seconds))
    }
}
