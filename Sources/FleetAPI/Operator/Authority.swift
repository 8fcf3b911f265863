/// 200 of `GET /v1/account`: the server's account as the CA has it now.
package struct AccountDocument: Hashable, Codable, Sendable {
    /// What CAA says about a zone.
    package struct CAA: Hashable, Codable, Sendable {
        package var zone: String
        /// What would let this account issue and nobody else.
        package var records: [String]
        /// What the zone's records say now.
        package var finding: String
        package var isBound: Bool

        package init(zone: String, records: [String], finding: String, isBound: Bool) {
            self.zone = zone
            self.records = records
            self.finding = finding
            self.isBound = isBound
        }
    }

    package var url: String
    package var status: String
    package var contacts: [String]
    package var directory: String
    /// Where the account's key is on the server's machine.
    package var keyFile: String
    package var termsOfService: String?
    /// Of each zone; absent when it was not looked at.
    package var caa: [CAA]?

    package init(
        url: String, status: String, contacts: [String], directory: String, keyFile: String,
        termsOfService: String? = nil, caa: [CAA]? = nil
    ) {
        self.url = url
        self.status = status
        self.contacts = contacts
        self.directory = directory
        self.keyFile = keyFile
        self.termsOfService = termsOfService
        self.caa = caa
    }
}

/// 200 of `GET /v1/limits`: what the server believes that the CA allows, and what it makes of it. Nothing is
/// asked of the CA.
package struct LimitsDocument: Hashable, Codable, Sendable {
    /// So many at once, and as many again in so many seconds.
    package struct Limit: Hashable, Codable, Sendable {
        package var count: Int
        package var seconds: Int

        package init(count: Int, seconds: Int) {
            self.count = count
            self.seconds = seconds
        }
    }

    /// How the server times renewals.
    package struct Renewals: Hashable, Codable, Sendable {
        /// Orders at a time at most.
        package var concurrency: Int
        /// Over how many seconds a fleet that begins at once gets its first certificates; nil: as fast as the CA allows.
        package var firstCertificatesSeconds: Int?
        /// Whether renewals that bunch are brought forward, out of the CA's windows.
        package var spread: Bool
        /// Minutes after midnight UTC between which renewals that can wait are not begun; nil: there are none such.
        package var quietFrom: Int?
        package var quietTo: Int?

        package init(
            concurrency: Int, firstCertificatesSeconds: Int? = nil, spread: Bool, quietFrom: Int? = nil,
            quietTo: Int? = nil
        ) {
            self.concurrency = concurrency
            self.firstCertificatesSeconds = firstCertificatesSeconds
            self.spread = spread
            self.quietFrom = quietFrom
            self.quietTo = quietTo
        }
    }

    /// The CA's directory URL.
    package var directory: String
    /// The profile of certificates for which none is asked.
    package var profile: String?
    package var newOrders: Limit?
    package var certificatesPerDomain: Limit?
    package var certificatesPerSet: Limit?
    /// Nil: the server is of an older version.
    package var renewals: Renewals?

    package init(
        directory: String, profile: String? = nil, newOrders: Limit? = nil, certificatesPerDomain: Limit? = nil,
        certificatesPerSet: Limit? = nil, renewals: Renewals? = nil
    ) {
        self.directory = directory
        self.profile = profile
        self.newOrders = newOrders
        self.certificatesPerDomain = certificatesPerDomain
        self.certificatesPerSet = certificatesPerSet
        self.renewals = renewals
    }
}
