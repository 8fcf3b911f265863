import FleetAPI
import FleetStore
import FoundationEssentials
import HTTPTypes
import Issuance

/// Turns the `Authorization` field into who is asking, or into the refusal.
struct Authenticator: Sendable {
    let store: any FleetStore
    let index: DeviceIndex
    let zones: ManagedZones
    let now: @Sendable () -> Date

    /// - Throws: 401 and 403 problems.
    func principal(_ fields: HTTPFields, for match: EndpointTable.Match) async throws -> Principal {
        let access = match.endpoint.access
        if access == .anybody { return .nobody }
        let token = try Self.bearer(fields)
        let hash = SecretHash.of(token)
        switch (access, token.kind) {
        case (.enrollmentToken, .enrollment):
            // Whether it may still be used, and for which name, is decided with the enrollment.
            guard try await store.token(hash: hash) != nil else { throw APIProblem(.unknown) }
            return .enrolling(hash: hash)
        case (.device, .device):
            return .device(try await device(hash))
        case (.issuer, .access), (.operator, .access):
            let found = try await accessToken(hash)
            try require(found, match)
            return .token(found, hash: hash)
        default:
            throw APIProblem(.forbidden, "this needs \(Self.noun(access)), not \(token.kind.indefiniteNoun)")
        }
    }

    /// The device that asks, when what is in memory is new enough and says that it may; nil when that takes a look at the
    /// store, or when the answer is a refusal.
    ///
    /// - Parameter authorization: the value of the field.
    func knownDevice(_ authorization: String) -> DeviceStanding? {
        guard let token = try? Self.bearer(authorization), token.kind == .device,
            let standing = index.known(hash: SecretHash.of(token)), isInTime(standing), standing.state == .active,
            standing.isCredentialConfirmed, !zones.isServer(standing.name)
        else { return nil }
        return standing
    }

    private func isInTime(_ standing: DeviceStanding) -> Bool {
        standing.credentialExpiresAt.map { now() < $0 } ?? true
    }

    private func device(_ hash: [UInt8]) async throws -> DeviceStanding {
        guard let standing = try await index.standing(hash: hash), isInTime(standing) else {
            throw APIProblem(
                .unauthorized, "the device credential is not valid",
                hint: "it was replaced, or the device was removed: enroll the device again with a new token")
        }
        guard !zones.isServer(standing.name) else { throw serversOwn(standing.name) }
        switch standing.state {
        case .active: break
        case .suspended: throw APIProblem(.suspended, "\(standing.name) is suspended")
        case .removed: throw APIProblem(.unauthorized, "\(standing.name) has been removed")
        }
        if !standing.isCredentialConfirmed {
            try await store.confirmCredential(standing.credentialID)
            // From this answer on the one before is refused, not some moments later.
            try await index.refresh()
        }
        return standing
    }

    private func accessToken(_ hash: [UInt8]) async throws -> AccessToken {
        guard let token = try await store.token(hash: hash), token.role != .enroll else {
            throw APIProblem(.unauthorized, "the token is not valid")
        }
        if let refusal = token.refusal(at: now()) { throw APIProblem(refusal) }
        return token
    }

    private func require(_ token: AccessToken, _ match: EndpointTable.Match) throws {
        if token.role == .operator, token.namePattern == nil { return }
        guard match.endpoint.access == .issuer || token.role == .operator, match.endpoint.route.hasDeviceName else {
            throw APIProblem(.forbidden, "the token is for \(token.role.rawValue), and this needs an operator's")
        }
        guard let defaultZone = zones.names.first else { return }
        let name = try DeviceName(match.parameter, zones: zones.names)
        guard !zones.isServer(name.description) else { throw serversOwn(name.description) }
        guard let pattern = token.namePattern else { return }
        guard try NamePattern(pattern).matches(name, defaultZone: defaultZone) else {
            throw APIProblem(.nameNotAllowed, "the token is for \(pattern), which \(name) does not match")
        }
    }

    private func serversOwn(_ name: String) -> APIProblem {
        APIProblem(
            .nameNotAllowed, "\(name) is this server's own name",
            hint: "only an operator's token without a pattern is good for it")
    }

    /// RFC 6750 §2.1. A second field could be what something in between believed in.
    private static func bearer(_ fields: HTTPFields) throws(APIProblem) -> SecretToken {
        let values = fields[values: .authorization]
        guard let value = values.first, values.count == 1 else {
            throw APIProblem(
                .unauthorized, values.isEmpty ? "there is no credential" : "there is more than one credential",
                hint: "send Authorization: Bearer and the credential")
        }
        return try bearer(value)
    }

    private static func bearer(_ value: String) throws(APIProblem) -> SecretToken {
        guard let space = value.utf8.firstIndex(of: UInt8(ascii: " ")), value[..<space].lowercased() == "bearer" else {
            throw APIProblem(.unauthorized, "the credential is no bearer token")
        }
        do throws(SecretTokenError) {
            return try SecretToken(String(value[value.index(after: space)...]))
        } catch {
            throw APIProblem(.unauthorized, error.message, hint: error.hint)
        }
    }

    private static func noun(_ access: Endpoint.Access) -> String {
        switch access {
        case .anybody: "nothing"
        case .enrollmentToken: "an enrollment token"
        case .device: "a device credential"
        case .issuer, .operator: "an access token"
        }
    }
}

extension Route {
    /// Whether the path names a device.
    var hasDeviceName: Bool { rawValue.contains("{name}") }
}

extension APIProblem {
    init(_ refusal: TokenRefusal) {
        switch refusal {
        case .unknown: self.init(.unauthorized, "the token is not valid")
        case .revoked: self.init(.unauthorized, "the token has been revoked")
        case .expired(let date): self.init(.tokenExpired, "the token expired at \(Timestamp(date))")
        case .usedUp: self.init(.tokenUsedUp, "the token has been used as often as it may be")
        }
    }
}

extension Timestamp {
    init(_ date: Date) {
        self.init(secondsSinceEpoch: Int64(date.timeIntervalSince1970.rounded(.down)))
    }
}
