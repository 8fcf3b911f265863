import FleetAPI
import FoundationEssentials
import Issuance

extension PlanCommand {
    /// What a forecast needs to know of a control server.
    struct ServerFleet: Sendable {
        var present: [ForecastInput.Present] = []
        let limits: AuthorityLimits
        let profile: String?
        let settings: PlannedSettings
    }

    /// The server's devices, read page by page, and what it believes that its CA allows. The forecast itself is made here:
    /// it takes minutes of computing, which the server has better use for.
    func fleet(of url: String) async throws -> ServerFleet {
        try await server.withClient(url) { client, token in
            let document = try await client.limits(token: token)
            var fleet = ServerFleet(
                limits: AuthorityLimits(document), profile: document.profile,
                settings: PlannedSettings(document.renewals))
            var page = PageRequest(limit: PageRequest.maximumLimit)
            repeat {
                let listing = try await client.devices(DeviceSelection(state: .active), page: page, token: token)
                fleet.present += listing.items.map { ForecastInput.Present($0) }
                page.after = listing.next
            } while page.after != nil
            return fleet
        }
    }
}

extension AuthorityLimits {
    fileprivate init(_ document: LimitsDocument) {
        func limit(_ limit: LimitsDocument.Limit?) -> Limit? {
            guard let limit, limit.count > 0, (1...(10 * 365 * 86_400)).contains(limit.seconds) else { return nil }
            return Limit(limit.count, per: .seconds(limit.seconds))
        }
        self.init(
            newOrders: limit(document.newOrders), certificatesPerDomain: limit(document.certificatesPerDomain),
            certificatesPerSet: limit(document.certificatesPerSet))
    }
}

extension ForecastInput.Present {
    fileprivate init(_ device: DeviceDocument) {
        func date(_ time: Timestamp) -> Date { Date(timeIntervalSince1970: Double(time.secondsSinceEpoch)) }
        var validity: Range<Date>?
        if let certificate = device.certificate, certificate.notBefore < certificate.notAfter {
            validity = date(certificate.notBefore)..<date(certificate.notAfter)
        }
        self.init(
            zone: device.zone, tag: device.tags.min(), validity: validity,
            renewAt: device.certificate?.renewAt.map(date))
    }
}
