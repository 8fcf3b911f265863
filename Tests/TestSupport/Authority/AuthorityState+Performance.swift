import ACME
import Crypto
import Foundation  // JSONSerialization

/// What each resource does (RFC 8555 §7, RFC 9773).
extension AuthorityState {
    private typealias Fields = [String: Any]

    mutating func perform(
        _ request: AuthorityDouble.Request, now: Date, validate: (String, String) -> AuthorityDouble.Verdict
    ) -> ACMEResponse {
        let fields = (try? JSONSerialization.jsonObject(with: Data(request.payload.utf8))) as? [String: Any] ?? [:]
        let number = Int(request.path.split(separator: "/").dropFirst().first ?? "").map { $0 - 1 } ?? -1
        let account = request.account.flatMap { self.account(AuthorityDouble.base + $0) } ?? -1
        switch request.endpoint {
        case .directory: return AuthorityDouble.json(200, directory)
        case .newNonce: return ACMEResponse(status: request.method == "HEAD" ? 200 : 204)
        case .newAccount: return newAccount(fields, key: request.key)
        case .account: return accountAnswer(number, fields)
        case .newOrder: return newOrder(fields, account: account, now: now)
        case .order: return orderAnswer(number, account: account, now: now)
        case .finalize: return finalize(number, fields, account: account, now: now)
        case .authorization: return authorizationAnswer(number, fields, account: account)
        case .challenge: return challengeAnswer(number, request.payload, account: account, validate)
        case .certificate:
            guard certificates.indices.contains(number) else { return Self.notFound }
            return ACMEResponse(
                status: 200, headers: ["Content-Type": "application/pem-certificate-chain"],
                body: Array(certificates[number].utf8))
        case .renewalInfo: return renewalInfo(String(request.path.dropFirst("/ari/".count)))
        case .revokeCertificate:
            let certificate = fields["certificate"] as? String ?? ""
            guard revoked.insert(certificate).inserted else {
                return AuthorityDouble.problem(400, "alreadyRevoked", "revoked before")
            }
            return ACMEResponse(status: 200)
        case .keyChange: return keyChange(request.payload, account: account)
        }
    }

    private static let notFound = AuthorityDouble.problem(404, "malformed", "no such resource")
    private static func url(_ kind: String, _ index: Int) -> String { AuthorityDouble.base + "/\(kind)/\(index + 1)" }

    private var directory: Fields {
        let base = AuthorityDouble.base
        var meta: Fields = ["caaIdentities": ["double.test"]]
        if !options.profiles.isEmpty { meta["profiles"] = options.profiles }
        if let terms = options.termsOfService { meta["termsOfService"] = terms }
        if options.requiresExternalAccount { meta["externalAccountRequired"] = true }
        var directory: Fields = [
            "newNonce": base + "/new-nonce", "newAccount": base + "/new-account", "newOrder": base + "/new-order",
            "revokeCert": base + "/revoke", "keyChange": base + "/key-change", "meta": meta,
        ]
        if options.hasRenewalInfo { directory["renewalInfo"] = base + "/ari" }
        return directory
    }

    // MARK: - Accounts

    private mutating func newAccount(_ fields: Fields, key: DoubleJWK?) -> ACMEResponse {
        guard let key else { return AuthorityDouble.problem(400, "malformed", "no key") }
        if let known = accounts.firstIndex(where: { $0.key == key }) {
            guard accounts[known].status == "valid" else {
                return AuthorityDouble.problem(403, "unauthorized", "the account is \(accounts[known].status)")
            }
            return accountAnswer(known, [:], headers: ["Location": Self.url("account", known)])
        }
        guard fields["onlyReturnExisting"] as? Bool != true else {
            return AuthorityDouble.problem(400, "accountDoesNotExist", "no account has this key")
        }
        if options.requiresExternalAccount, fields["externalAccountBinding"] == nil {
            return AuthorityDouble.problem(403, "externalAccountRequired", "an external account is needed")
        }
        if options.termsOfService != nil, fields["termsOfServiceAgreed"] as? Bool != true {
            return AuthorityDouble.problem(403, "userActionRequired", "the terms must be agreed to")
        }
        accounts.append(Account(key: key, contacts: fields["contact"] as? [String] ?? []))
        let index = accounts.count - 1
        return accountAnswer(index, [:], status: 201, headers: ["Location": Self.url("account", index)])
    }

    private mutating func accountAnswer(
        _ index: Int, _ fields: Fields, status: Int = 200, headers: ACMEHeaders = [:]
    ) -> ACMEResponse {
        guard accounts.indices.contains(index) else { return Self.notFound }
        if let contacts = fields["contact"] as? [String] { accounts[index].contacts = contacts }
        if fields["status"] as? String == "deactivated" { accounts[index].status = "deactivated" }
        return AuthorityDouble.json(
            status, ["status": accounts[index].status, "contact": accounts[index].contacts], headers)
    }

    /// RFC 8555 §7.3.5: the inner JWS is the new key's, for the account and its old key.
    private mutating func keyChange(_ payload: String, account: Int) -> ACMEResponse {
        guard let inner = DoubleJWS(Array(payload.utf8)), let key = inner.key, key.isSigner(of: inner),
            inner.url == AuthorityDouble.base + "/key-change", inner.nonce == nil, accounts.indices.contains(account),
            let fields = (try? JSONSerialization.jsonObject(with: Data(inner.payload))) as? Fields,
            fields["account"] as? String == Self.url("account", account),
            (fields["oldKey"] as? [String: String]).flatMap(DoubleJWK.init) == accounts[account].key
        else { return AuthorityDouble.problem(400, "malformed", "the inner JWS does not hold") }
        if let other = accounts.firstIndex(where: { $0.key == key }) {
            return AuthorityDouble.problem(
                409, "conflict", "the key has an account", ["Location": Self.url("account", other)])
        }
        accounts[account].key = key
        return accountAnswer(account, [:])
    }

    /// The order and what has to be proved for it run out.
    package mutating func expire(order index: Int) {
        orders[index].expires = .distantPast
        for authorization in orders[index].authorizations { authorizations[authorization].status = "expired" }
    }

    // MARK: - Orders

    private mutating func newOrder(_ fields: Fields, account: Int, now: Date) -> ACMEResponse {
        let identifiers = fields["identifiers"] as? [[String: String]] ?? []
        let names = identifiers.compactMap { $0["type"] == "dns" ? $0["value"]?.lowercased() : nil }
        guard !names.isEmpty, names.count == identifiers.count else {
            return AuthorityDouble.problem(400, "unsupportedIdentifier", "DNS names only")
        }
        let profile = fields["profile"] as? String
        if let profile, options.profiles[profile] == nil {
            return AuthorityDouble.problem(400, "invalidProfile", "no profile \(profile)")
        }
        let replaces = fields["replaces"] as? String
        if let replaces {
            guard let known = replaceable[replaces], known.account == account else {
                return AuthorityDouble.problem(
                    400, "malformed", "replaces does not identify a certificate of the account")
            }
            // Boulder: any unexpired replacement order, in whatever state, stands in the way (RFC 9773 §7.4).
            if let other = known.replacedBy, orders[other].status != "invalid", orders[other].expires > now {
                return AuthorityDouble.problem(
                    409, "alreadyReplaced", "the certificate has a replacement order already")
            }
        }
        if options.reusesOrders, let old = reusable(names, profile, account: account, now: now) {
            return orderAnswer(
                old, account: account, now: now, status: 201, headers: ["Location": Self.url("order", old)])
        }
        let first = authorizations.count
        for (index, name) in names.enumerated() {
            let isWildcard = name.hasPrefix("*.")
            authorizations.append(
                Authorization(
                    name: isWildcard ? String(name.dropFirst(2)) : name, isWildcard: isWildcard, account: account,
                    challenge: Challenge(token: "token-\(first + index)-DGyRejmCefe7v4NfDGDKfA")))
        }
        orders.append(
            Order(
                names: names, profile: profile, replaces: replaces, account: account,
                authorizations: Array(first..<authorizations.count), expires: now.addingTimeInterval(7 * 86_400)))
        let index = orders.count - 1
        if let replaces { replaceable[replaces]?.replacedBy = index }
        return orderAnswer(
            index, account: account, now: now, status: 201, headers: ["Location": Self.url("order", index)])
    }

    private mutating func reusable(_ names: [String], _ profile: String?, account: Int, now: Date) -> Int? {
        for index in orders.indices { refresh(index, now: now) }
        return orders.lastIndex {
            $0.account == account && Set($0.names) == Set(names) && $0.profile == profile && $0.expires > now
                && ($0.status == "pending" || $0.status == "ready")
        }
    }

    /// RFC 8555 §7.1.6: an order follows its authorizations.
    private mutating func refresh(_ index: Int, now: Date) {
        let statuses = orders[index].authorizations.map { authorizations[$0].status }
        switch orders[index].status {
        case "pending" where statuses.allSatisfy { $0 == "valid" }: orders[index].status = "ready"
        case "pending" where statuses.contains { $0 != "valid" && $0 != "pending" }: orders[index].status = "invalid"
        case "pending" where orders[index].expires <= now: orders[index].status = "invalid"
        case "processing":
            if orders[index].processing > 0 { orders[index].processing -= 1 } else { orders[index].status = "valid" }
        default: break
        }
    }

    private mutating func orderAnswer(
        _ index: Int, account: Int, now: Date, status: Int = 200, headers: ACMEHeaders = [:]
    ) -> ACMEResponse {
        guard orders.indices.contains(index) else { return Self.notFound }
        guard orders[index].account == account else {
            return AuthorityDouble.problem(403, "unauthorized", "the order of another account")
        }
        refresh(index, now: now)
        let order = orders[index]
        var headers = headers
        if order.status == "processing" { headers["Retry-After"] = "\(options.issuanceDelay)" }
        var fields: Fields = [
            "status": order.status, "expires": DoubleIssuer.text(order.expires),
            "identifiers": order.names.map { ["type": "dns", "value": $0] },
            "authorizations": order.authorizations.map { Self.url("authz", $0) },
            "finalize": Self.url("order", index) + "/finalize",
        ]
        if let profile = order.profile { fields["profile"] = profile }
        if let replaces = order.replaces { fields["replaces"] = replaces }
        if let problem = order.problem { fields["error"] = Self.problem(problem) }
        if order.status == "valid", let certificate = order.certificate {
            fields["certificate"] = Self.url("cert", certificate)
        }
        return AuthorityDouble.json(status, fields, headers)
    }

    private mutating func finalize(_ index: Int, _ fields: Fields, account: Int, now: Date) -> ACMEResponse {
        guard orders.indices.contains(index), orders[index].account == account else { return Self.notFound }
        refresh(index, now: now)
        guard orders[index].status == "ready" else {
            return AuthorityDouble.problem(403, "orderNotReady", "the order is \(orders[index].status)")
        }
        guard let csr = (fields["csr"] as? String).flatMap(DoubleJWS.decode) else {
            return AuthorityDouble.problem(400, "malformed", "no CSR")
        }
        do {
            let issued = try issuer.issue(csr, names: orders[index].names, now: now, validity: options.validity)
            certificates.append(issued.pem)
            replaceable[issued.id] = (issued.notBefore, account, nil)
        } catch {
            return AuthorityDouble.problem(400, "badCSR", "\(error)")
        }
        orders[index].certificate = certificates.count - 1
        orders[index].processing = options.processingAnswers
        orders[index].status = options.processingAnswers > 0 ? "processing" : "valid"
        return orderAnswer(index, account: account, now: now)
    }

    // MARK: - Authorizations

    private mutating func authorizationAnswer(_ index: Int, _ fields: Fields, account: Int) -> ACMEResponse {
        guard authorizations.indices.contains(index), authorizations[index].account == account else {
            return Self.notFound
        }
        if fields["status"] as? String == "deactivated" { authorizations[index].status = "deactivated" }
        let authorization = authorizations[index]
        var document: Fields = [
            "status": authorization.status, "identifier": ["type": "dns", "value": authorization.name],
            "challenges": [challengeDocument(index)],
        ]
        if authorization.isWildcard { document["wildcard"] = true }
        return AuthorityDouble.json(200, document)
    }

    private func challengeDocument(_ index: Int) -> Fields {
        let challenge = authorizations[index].challenge
        var document: Fields = [
            "type": "dns-01", "url": Self.url("challenge", index), "status": challenge.status, "token": challenge.token,
        ]
        if let problem = challenge.problem { document["error"] = Self.problem(problem) }
        return document
    }

    private mutating func challengeAnswer(
        _ index: Int, _ payload: String, account: Int, _ validate: (String, String) -> AuthorityDouble.Verdict
    ) -> ACMEResponse {
        guard authorizations.indices.contains(index), authorizations[index].account == account else {
            return Self.notFound
        }
        if !payload.isEmpty {
            // RFC 8555 §7.5.1: "an empty JSON object", nothing else.
            guard payload == "{}" else { return AuthorityDouble.problem(400, "malformed", "the payload must be {}") }
            guard authorizations[index].status == "pending", authorizations[index].challenge.status == "pending" else {
                return AuthorityDouble.problem(400, "malformed", "the challenge is not pending")
            }
            let keyAuthorization = authorizations[index].challenge.token + "." + accounts[account].key.thumbprint
            let value = DoubleJWS.encode(Array(SHA256.hash(data: Array(keyAuthorization.utf8))))
            authorizations[index].challenge.status = "processing"
            settle(index, validate(authorizations[index].name, value))
        }
        return AuthorityDouble.json(
            200, challengeDocument(index), ["Link": "<\(Self.url("authz", index))>;rel=\"up\""])
    }

    /// Ends a validation.
    package mutating func settle(_ index: Int, _ verdict: AuthorityDouble.Verdict) {
        switch verdict {
        case .pending: break
        case .valid:
            authorizations[index].challenge.status = "valid"
            authorizations[index].status = "valid"
        case .invalid(let type, let detail):
            authorizations[index].challenge.status = "invalid"
            authorizations[index].challenge.problem = (type, detail)
            authorizations[index].status = "invalid"
        }
    }

    private static func problem(_ problem: (type: String, detail: String)) -> Fields {
        ["type": "urn:ietf:params:acme:error:" + problem.type, "detail": problem.detail, "status": 403]
    }

    // MARK: - ARI (RFC 9773 §4)

    private func renewalInfo(_ id: String) -> ACMEResponse {
        guard options.hasRenewalInfo, let known = replaceable[id] else { return Self.notFound }
        let window =
            windows[id] ?? known.notBefore.addingTimeInterval(
                options.window.lowerBound)...known.notBefore
            .addingTimeInterval(options.window.upperBound)
        return AuthorityDouble.json(
            200,
            [
                "suggestedWindow": [
                    "start": DoubleIssuer.text(window.lowerBound), "end": DoubleIssuer.text(window.upperBound),
                ]
            ], ["Retry-After": "21600"])
    }
}
