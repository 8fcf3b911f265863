import ACME
import Crypto
package import FoundationEssentials

/// What an ``AuthorityDouble`` knows.
package struct AuthorityState: Sendable {
    package struct Account: Sendable {
        package var status = "valid"
        var key: DoubleJWK
        var contacts: [String]
    }

    package struct Challenge: Sendable {
        package var status = "pending"
        package var problem: (type: String, detail: String)?
        let token: String
    }

    package struct Authorization: Sendable {
        package var status = "pending"
        package let name: String
        package let isWildcard: Bool
        let account: Int
        package var challenge: Challenge
    }

    package struct Order: Sendable {
        package var status = "pending"
        package let names: [String]
        let profile: String?
        package let replaces: String?
        let account: Int
        let authorizations: [Int]
        package var expires: Date
        package var problem: (type: String, detail: String)?
        package var certificate: Int?
        /// Answers that still say `processing`.
        package var processing = 0
    }

    package var options: AuthorityDouble.Options
    package var accounts: [Account] = []
    package var authorizations: [Authorization] = []
    package var orders: [Order] = []
    /// Chains in PEM.
    var certificates: [String] = []
    /// By certificate identifier (RFC 9773 §4.1): when it began, and the order that replaces it.
    var replaceable: [String: (notBefore: Date, account: Int, replacedBy: Int?)] = [:]
    /// Windows that a test has moved, by certificate identifier.
    package var windows: [String: ClosedRange<Date>] = [:]
    package var revoked: Set<String> = []
    var nonces: Set<String> = []
    var requests: [AuthorityDouble.Request] = []
    var counts: [ACMEEndpoint: Int] = [:]
    let issuer: DoubleIssuer
    private var serial = 0

    init(_ options: AuthorityDouble.Options, issuer: DoubleIssuer) {
        self.options = options
        self.issuer = issuer
    }

    var summaries: [AuthorityDouble.OrderSummary] {
        orders.enumerated().map { index, order in
            AuthorityDouble.OrderSummary(
                path: "/order/\(index + 1)", status: order.status, names: order.names, replaces: order.replaces)
        }
    }

    // MARK: - Nonces and the JWS (RFC 8555 §6)

    mutating func withNonce(_ response: ACMEResponse) -> ACMEResponse {
        guard response.headers["Replay-Nonce"] == nil else { return response }
        var response = response
        serial += 1
        let nonce = "bm9uY2U\(serial)"
        nonces.insert(nonce)
        response.headers["Replay-Nonce"] = nonce
        return response
    }

    /// Notes a request and checks its form.
    ///
    /// - Returns: the request, and the answer when it is refused for its form.
    mutating func receive(
        _ request: ACMERequest, path: String
    ) -> (AuthorityDouble.Request, rejection: ACMEResponse?) {
        let endpoint = Self.endpoint(path)
        counts[endpoint, default: 0] += 1
        let jws = DoubleJWS(request.body)
        let seen = AuthorityDouble.Request(
            endpoint: endpoint, method: request.method.rawValue, path: path, number: counts[endpoint, default: 0],
            payload: String(decoding: jws?.payload ?? [], as: UTF8.self), headers: request.headers,
            account: jws?.kid.map { String($0.dropFirst(AuthorityDouble.base.count)) }, key: jws?.key)
        requests.append(seen)
        return (seen, flaw(of: request, jws, endpoint, path))
    }

    private mutating func flaw(
        of request: ACMERequest, _ jws: DoubleJWS?, _ endpoint: ACMEEndpoint, _ path: String
    ) -> ACMEResponse? {
        func malformed(_ detail: String) -> ACMEResponse { AuthorityDouble.problem(400, "malformed", detail) }
        guard request.headers["User-Agent"]?.isEmpty == false else { return malformed("no User-Agent (RFC 8555 §6.1)") }
        switch endpoint {
        case .directory, .renewalInfo:
            return request.method == .get ? nil : AuthorityDouble.problem(405, "malformed", "GET only")
        case .newNonce:
            return request.method == .post ? AuthorityDouble.problem(405, "malformed", "HEAD or GET") : nil
        default: break
        }
        // RFC 8555 §6.3: everything else is POST or POST-as-GET.
        guard request.method == .post else { return AuthorityDouble.problem(405, "malformed", "POST only") }
        guard request.headers["Content-Type"] == "application/jose+json" else {
            return AuthorityDouble.problem(415, "malformed", "Content-Type must be application/jose+json")
        }
        guard let jws else { return malformed("not a flattened JWS") }
        guard let nonce = jws.nonce, nonces.remove(nonce) != nil else {
            return AuthorityDouble.problem(400, "badNonce", "unknown nonce")
        }
        guard jws.url == AuthorityDouble.base + path else {
            return AuthorityDouble.problem(403, "unauthorized", "url is \(jws.url ?? "missing"), not this resource")
        }
        let key: DoubleJWK
        switch (jws.key, jws.kid) {
        case (let own?, nil):
            guard endpoint == .newAccount || endpoint == .revokeCertificate else { return malformed("kid expected") }
            key = own
        case (nil, let kid?):
            guard endpoint != .newAccount else { return malformed("jwk expected") }
            guard let account = self.account(kid) else {
                return AuthorityDouble.problem(400, "accountDoesNotExist", "no account \(kid)")
            }
            guard accounts[account].status == "valid" else {
                return AuthorityDouble.problem(403, "unauthorized", "the account is \(accounts[account].status)")
            }
            key = accounts[account].key
        default: return malformed("exactly one of jwk and kid is needed")
        }
        guard key.algorithm == jws.algorithm else {
            return AuthorityDouble.problem(
                400, "badSignatureAlgorithm", "the key is not for \(jws.algorithm ?? "?")",
                more: ["algorithms": ["ES256"]])
        }
        return key.isSigner(of: jws) ? nil : malformed("the signature does not verify")
    }

    func account(_ kid: String) -> Int? {
        Int(kid.dropFirst((AuthorityDouble.base + "/account/").count)).flatMap {
            kid.hasPrefix(AuthorityDouble.base + "/account/") && accounts.indices.contains($0 - 1) ? $0 - 1 : nil
        }
    }

    static func endpoint(_ path: String) -> ACMEEndpoint {
        let parts = path.split(separator: "/")
        return switch parts.first.map(String.init) {
        case "directory": .directory
        case "new-nonce": .newNonce
        case "new-account": .newAccount
        case "new-order": .newOrder
        case "revoke": .revokeCertificate
        case "key-change": .keyChange
        case "ari": .renewalInfo
        case "account": .account
        case "order": parts.count > 2 ? .finalize : .order
        case "authz": .authorization
        case "challenge": .challenge
        default: .certificate
        }
    }
}

extension AuthorityState {
    /// Somebody else with the same account orders a replacement of the certificate.
    package mutating func replaceElsewhere(_ id: String) {
        orders.append(
            Order(
                names: ["elsewhere.test"], profile: nil, replaces: id, account: 0, authorizations: [],
                expires: .distantFuture))
        orders[orders.count - 1].status = "valid"
        replaceable[id]?.replacedBy = orders.count - 1
    }
}
