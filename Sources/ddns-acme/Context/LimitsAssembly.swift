import FleetConfiguration
import Issuance

/// Turns `acme.limits` into the model of the CA's limits.
enum LimitsAssembly {
    static func limits(_ configuration: ACMEConfiguration) -> IssuanceLimits {
        let wish = configuration.limits
        var limits: AuthorityLimits =
            switch wish.base {
            case .byDirectory: .standard(directoryURL: configuration.directory.url)
            case .off: .none
            case .letsEncrypt: .letsEncrypt
            case .letsEncryptStaging: .letsEncryptStaging
            }
        apply(wish.newOrders, to: &limits.newOrders)
        apply(wish.certificatesPerDomain, to: &limits.certificatesPerDomain)
        apply(wish.certificatesPerSet, to: &limits.certificatesPerSet)
        apply(wish.failuresPerName, to: &limits.failuresPerName)
        let domains: RegisteredDomains =
            limits.certificatesPerDomain == nil
            ? RegisteredDomains(given: wish.registeredDomains) : .system(given: wish.registeredDomains)
        return IssuanceLimits(directoryURL: configuration.directory.url, limits: limits, domains: domains)
    }

    static func rates(_ configuration: ACMEConfiguration) -> RequestRates {
        switch configuration.limits.base {
        case .byDirectory: .standard(directoryURL: configuration.directory.url)
        case .off: .none
        case .letsEncrypt: .letsEncrypt
        case .letsEncryptStaging: .letsEncryptStaging
        }
    }

    private static func apply(_ override: ACMELimits.Override?, to limit: inout AuthorityLimits.Limit?) {
        switch override {
        case nil: break
        case .off: limit = nil
        case .rate(let count, let seconds): limit = AuthorityLimits.Limit(count, per: .seconds(seconds))
        }
    }
}
