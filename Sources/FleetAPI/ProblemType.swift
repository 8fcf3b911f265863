/// Which problem a ``ProblemDocument`` tells of: a URI that never changes.
package struct ProblemType: ExtensibleValue, CaseIterable {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }

    private init(_ name: String) { rawValue = Self.prefix + name }

    /// All types of ours begin so.
    package static let prefix = "urn:ddns-acme:problem:"

    /// Nothing more than the HTTP status says (RFC 9457 §4.2.1).
    package static let blank = ProblemType(rawValue: "about:blank")

    // MARK: The request
    package static let malformed = ProblemType("malformed")
    package static let badCSR = ProblemType("bad-csr")
    package static let badName = ProblemType("bad-name")
    package static let badAddress = ProblemType("bad-address")
    package static let notFound = ProblemType("not-found")
    package static let methodNotAllowed = ProblemType("method-not-allowed")
    package static let requestTimeout = ProblemType("request-timeout")
    package static let tooLarge = ProblemType("too-large")
    package static let unsupportedMediaType = ProblemType("unsupported-media-type")

    // MARK: Who asks
    /// No credential, an unknown one, or one that was revoked.
    package static let unauthorized = ProblemType("unauthorized")
    package static let tokenExpired = ProblemType("token-expired")
    package static let tokenUsedUp = ProblemType("token-used-up")
    /// The credential is good, but not for this.
    package static let forbidden = ProblemType("forbidden")
    package static let nameNotAllowed = ProblemType("name-not-allowed")
    package static let addressNotAllowed = ProblemType("address-not-allowed")
    package static let suspended = ProblemType("suspended")

    // MARK: The state of things
    /// The name is taken, in the store or in DNS by somebody else.
    package static let nameInUse = ProblemType("name-in-use")
    /// The device is in a state that does not permit this.
    package static let conflict = ProblemType("conflict")
    /// The last attempt to obtain the certificate failed; `detail` says why.
    package static let issuanceFailed = ProblemType("issuance-failed")
    package static let rateLimited = ProblemType("rate-limited")

    // MARK: The server and what it stands on
    package static let internalError = ProblemType("internal-error")
    package static let overloaded = ProblemType("overloaded")
    package static let dnsUnavailable = ProblemType("dns-unavailable")
    /// The zone's primary does not take the server's key, clock or update: somebody has to grant it.
    package static let dnsRefused = ProblemType("dns-refused")
    /// The primary does not have the zone that the server is configured for.
    package static let dnsMisconfigured = ProblemType("dns-misconfigured")
    package static let caUnavailable = ProblemType("ca-unavailable")

    /// The last part of the URN, such as `bad-csr`.
    package var shortName: String { rawValue.split(separator: ":").last.map(String.init) ?? rawValue }

    /// What goes with each type: the HTTP status and the title.
    private static let table: [ProblemType: (status: Int, title: String)] = [
        .malformed: (400, "The request cannot be understood"),
        .badCSR: (400, "The certificate signing request cannot be used"),
        .badName: (400, "The name is not a usable device name"),
        .badAddress: (400, "The address is not an IP address"),
        .notFound: (404, "There is no such thing"),
        .methodNotAllowed: (405, "The method is not allowed here"),
        .requestTimeout: (408, "The request took too long to arrive"),
        .tooLarge: (413, "The request is too large"),
        .unsupportedMediaType: (415, "The content type is not accepted here"),
        .unauthorized: (401, "The credential is missing or not valid"),
        .tokenExpired: (401, "The token has expired"),
        .tokenUsedUp: (401, "The token has been used up"),
        .forbidden: (403, "The credential does not permit this"),
        .nameNotAllowed: (403, "The credential does not permit this name"),
        .addressNotAllowed: (403, "The address is outside the zone's allow-list"),
        .suspended: (403, "The device is suspended"),
        .nameInUse: (409, "The name is in use"),
        .conflict: (409, "The device's state does not permit this"),
        .issuanceFailed: (502, "The certificate could not be obtained"),
        .rateLimited: (429, "Too many requests"),
        .internalError: (500, "The server failed"),
        .overloaded: (503, "The server is busy"),
        .dnsUnavailable: (503, "The DNS server cannot be reached"),
        .dnsRefused: (502, "The DNS server refuses the change"),
        .dnsMisconfigured: (502, "The DNS server does not have the zone"),
        .caUnavailable: (503, "The CA cannot be reached"),
    ]

    /// All types of ours.
    package static var allCases: [ProblemType] { table.keys.sorted { $0.rawValue < $1.rawValue } }

    /// The status that goes with the type; nil for a type this version does not know.
    package var status: Int? { Self.table[self]?.status }
    package var title: String? { Self.table[self]?.title }
}
