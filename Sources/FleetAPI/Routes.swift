/// The paths of API v1. `{name}` and `{id}` stand for one path segment.
package enum Route: String, CaseIterable, Sendable {
    // MARK: Device
    case enroll = "/v1/enroll"
    case checkIn = "/v1/check-in"
    case certificate = "/v1/certificate"
    /// POST: a new credential; the present one stays valid for a while.
    case credential = "/v1/credential"

    // MARK: Operator and CI
    case devices = "/v1/devices"
    /// POST: a fleet as CSV or JSON Lines.
    case deviceImport = "/v1/devices/import"
    /// POST: suspend, resume or remove many.
    case deviceBulk = "/v1/devices/bulk"
    case device = "/v1/devices/{name}"
    case deviceIssue = "/v1/devices/{name}/issue"
    case deviceCertificate = "/v1/devices/{name}/certificate"
    case deviceRevoke = "/v1/devices/{name}/revoke"
    case deviceSuspend = "/v1/devices/{name}/suspend"
    case deviceResume = "/v1/devices/{name}/resume"
    case deviceAddress = "/v1/devices/{name}/address"
    case tokens = "/v1/tokens"
    case token = "/v1/tokens/{id}"
    /// POST: compare zones with the store, and repair them.
    case zoneVerify = "/v1/zones/verify"
    /// GET: the account at the CA.
    case account = "/v1/account"
    /// GET: what the CA is believed to allow.
    case limits = "/v1/limits"

    // MARK: Monitoring
    case health = "/healthz"
    case readiness = "/readyz"
    case metrics = "/metrics"
    case openAPI = "/openapi.json"

    /// Whether it tells how the server and the fleet are, which costs some work.
    package var isMonitoring: Bool { self == .readiness || self == .metrics }

    /// The path with its parameter filled in, escaped so that no value can reach another path (RFC 3986 §2.3).
    package func path(_ parameter: String? = nil) -> String {
        guard let parameter, let open = rawValue.firstIndex(of: "{"), let close = rawValue.firstIndex(of: "}") else {
            return rawValue
        }
        return rawValue[..<open] + PercentEncoding.encode(parameter) + rawValue[rawValue.index(after: close)...]
    }
}

/// The media types that the API speaks.
package enum MediaType {
    package static let json = "application/json"
    /// RFC 9457 §6.1.
    package static let problem = "application/problem+json"
    /// A CSR in DER (RFC 5967).
    package static let pkcs10 = "application/pkcs10"
    /// A CSR in PEM.
    package static let pemFile = "application/x-pem-file"
    /// A certificate and its issuers (RFC 8555 §9.1).
    package static let certificateChain = "application/pem-certificate-chain"
    package static let csv = "text/csv"
    package static let jsonLines = "application/jsonl"
}

/// The header fields with a meaning of their own in the API.
package enum HeaderName {
    /// Seconds or a date after which to ask again (RFC 9110 §10.2.3).
    package static let retryAfter = "Retry-After"
    /// `wait=N` (RFC 7240 §4.3): how many seconds the server may take before it answers 202.
    package static let prefer = "Prefer"
    /// Opaque, chosen by the client for one enrollment. A repeat with the same token and the same key is the same
    /// enrollment: it counts no further use of the token and returns the same name with a fresh credential in place of
    /// the one whose answer may have been lost.
    package static let idempotencyKey = "Idempotency-Key"
}
