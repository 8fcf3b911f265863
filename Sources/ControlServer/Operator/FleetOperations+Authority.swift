import DNSUpdate
package import FleetAPI
package import Issuance

extension FleetOperations {
    /// The account as the CA has it now.
    package func account() async throws -> AccountDocument {
        AccountDocument(try await services.accounts.report(for: services.issuer))
    }

    /// What the server believes that the CA allows, and how it times renewals.
    package func limits() -> LimitsDocument {
        let model = services.issuer.limits
        return LimitsDocument(
            directory: model.directoryURL, profile: services.profile, newOrders: .init(model.limits.newOrders),
            certificatesPerDomain: .init(model.limits.certificatesPerDomain),
            certificatesPerSet: .init(model.limits.certificatesPerSet),
            renewals: LimitsDocument.Renewals(
                concurrency: services.scheduling.concurrency.upperBound,
                firstCertificatesSeconds: services.scheduling.firstCertificates.map {
                    Int($0.period.components.seconds)
                },
                spread: services.issuer.leavesWindows, quietFrom: services.scheduling.quietHours?.start,
                quietTo: services.scheduling.quietHours?.end))
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
