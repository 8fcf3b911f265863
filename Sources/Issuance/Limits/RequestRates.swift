import ACME
import FleetStore

/// How many requests a second a CA takes from one address, by resource.
package struct RequestRates: Sendable, Hashable {
    /// At most `burst` at once, and `perSecond` on the average.
    package struct Rate: Sendable, Hashable {
        package var perSecond: Int
        package var burst: Int

        package init(_ perSecond: Int, burst: Int) {
            self.perSecond = perSecond
            self.burst = burst
        }
    }

    /// Each by its own name; what is missing has no rate of its own.
    private var own: [ACMEEndpoint: Rate]
    /// All that is below one path at the CA together: account, order, authorization, challenge, finalize, certificate.
    private var common: Rate?

    package static let none = RequestRates(own: [:], common: nil)

    /// Let's Encrypt, per address (<https://letsencrypt.org/docs/rate-limits/>, 2026-08-05). Half of it: other programs may
    /// share the address.
    package static let letsEncrypt = RequestRates(
        own: [
            .newNonce: Rate(10, burst: 5), .newAccount: Rate(2, burst: 7), .newOrder: Rate(150, burst: 100),
            .revokeCertificate: Rate(5, burst: 50), .renewalInfo: Rate(500, burst: 50), .directory: Rate(20, burst: 20),
        ], common: Rate(125, burst: 62))

    /// Its staging environment: 20 requests a second.
    package static let letsEncryptStaging = RequestRates(
        own: [
            .newNonce: Rate(10, burst: 5), .newAccount: Rate(2, burst: 7), .newOrder: Rate(10, burst: 10),
            .revokeCertificate: Rate(5, burst: 10), .renewalInfo: Rate(10, burst: 10), .directory: Rate(10, burst: 10),
        ], common: Rate(10, burst: 10))

    /// What applies to a CA.
    package static func standard(directoryURL: String) -> RequestRates {
        switch AuthorityLimits.standard(directoryURL: directoryURL) {
        case .letsEncrypt: letsEncrypt
        case .letsEncryptStaging: letsEncryptStaging
        default: none
        }
    }

    private static let separate: Set<ACMEEndpoint> = [
        .directory, .newNonce, .newAccount, .newOrder, .revokeCertificate, .renewalInfo,
    ]

    func charges(_ endpoint: ACMEEndpoint) -> [RateLimitCharge] {
        let isSeparate = Self.separate.contains(endpoint)
        guard let rate = isSeparate ? own[endpoint] : common else { return [] }
        return [
            RateLimitCharge(
                key: isSeparate ? endpoint.rawValue : "common", burst: rate.burst,
                period: .milliseconds(max(1, rate.burst * 1_000 / rate.perSecond)))
        ]
    }
}
