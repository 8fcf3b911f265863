#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// How a test's pebble behaves. By default it is strict and fast and rejects nothing; the knobs make it unkind.
package struct PebbleOptions: Sendable {
    package struct Profile: Sendable, Encodable {
        package let description: String
        /// Seconds.
        package let validityPeriod: Int

        package init(description: String, validityPeriod: Int) {
            self.description = description
            self.validityPeriod = validityPeriod
        }
    }

    /// Upcoming, incompatible changes of the CA are on.
    package var strict = true
    /// How many percent of good nonces are rejected with `badNonce`.
    package var nonceRejectPercent = 0
    /// How many percent of new orders reuse a valid authorization.
    package var authorizationReusePercent = 0
    /// Whether the CA validates at once; else it waits up to ``validationSleepSeconds`` before each attempt.
    package var validatesAtOnce = true
    package var validationSleepSeconds = 5
    /// Every challenge passes without a look at the DNS.
    package var alwaysValid = false
    /// Further roots, each giving one alternate chain.
    package var alternateRoots = 0
    /// Intermediates in the chain, at least 1.
    package var chainLength = 1
    /// `Retry-After` of authorizations and orders, in seconds.
    package var retryAfter: (authorization: Int, order: Int) = (1, 1)
    package var profiles: [String: Profile] = [
        "default": Profile(description: "Ninety days", validityPeriod: 7_776_000),
        "shortlived": Profile(description: "Six days", validityPeriod: 518_400),
    ]
    /// External account binding: key identifier → MAC key in base64url. Not empty: required.
    package var externalAccounts: [String: String] = [:]
    /// Names for which orders are refused with `rejectedIdentifier`.
    package var blockedDomains: [String] = []
    /// The issuer names that a CAA record may carry for this CA; empty: CAA is not looked at.
    package var caaIdentities: [String] = []
    /// Changes to the process's environment, for what has no property here.
    package var environment: [String: String] = [:]

    package init() {}

    /// The environment that carries the knobs.
    var allEnvironment: [String: String?] {
        var values: [String: String?] = [
            "PEBBLE_WFE_NONCEREJECT": "\(nonceRejectPercent)",
            "PEBBLE_AUTHZREUSE": "\(authorizationReusePercent)",
            "PEBBLE_VA_NOSLEEP": validatesAtOnce ? "1" : nil,
            "PEBBLE_VA_SLEEPTIME": validatesAtOnce ? nil : "\(validationSleepSeconds)",
            "PEBBLE_VA_ALWAYS_VALID": alwaysValid ? "1" : nil,
            "PEBBLE_ALTERNATE_ROOTS": "\(alternateRoots)",
            "PEBBLE_CHAIN_LENGTH": "\(chainLength)",
        ]
        for (key, value) in environment { values[key] = value }
        return values
    }

    /// The JSON of `-config`.
    func configuration(port: Int, managementPort: Int, certificate: String, key: String) throws -> String {
        let file = File(
            pebble: .init(
                listenAddress: "127.0.0.1:\(port)", managementListenAddress: "127.0.0.1:\(managementPort)",
                certificate: certificate, privateKey: key, httpPort: 5002, tlsPort: 5001, ocspResponderURL: "",
                externalAccountBindingRequired: !externalAccounts.isEmpty, externalAccountMACKeys: externalAccounts,
                domainBlocklist: blockedDomains, caaIdentities: caaIdentities,
                retryAfter: .init(authz: retryAfter.authorization, order: retryAfter.order), keyAlgorithm: "ecdsa",
                profiles: profiles))
        return String(decoding: try JSONEncoder().encode(file), as: UTF8.self)
    }

    /// pebble's configuration file; Go matches the names without regard to case.
    private struct File: Encodable {
        struct RetryAfter: Encodable {
            let authz: Int
            let order: Int
        }

        struct Pebble: Encodable {
            let listenAddress: String
            let managementListenAddress: String
            let certificate: String
            let privateKey: String
            let httpPort: Int
            let tlsPort: Int
            let ocspResponderURL: String
            let externalAccountBindingRequired: Bool
            let externalAccountMACKeys: [String: String]
            let domainBlocklist: [String]
            let caaIdentities: [String]
            let retryAfter: RetryAfter
            let keyAlgorithm: String
            let profiles: [String: Profile]
        }

        let pebble: Pebble
    }
}
