import DNSUpdate
package import FleetStore
package import FoundationEssentials

/// Enrolls devices: finds the name that the token and the wish allow, makes the device and its credential.
package struct EnrollmentDesk: Sendable {
    /// What a device brings.
    package struct Application: Sendable {
        package var tokenHash: [UInt8]
        /// Hash of the credential that the device will get.
        package var credentialHash: [UInt8]
        package var name: String?
        package var idempotencyKey: String?
        package var origin: String

        package init(
            tokenHash: [UInt8], credentialHash: [UInt8], name: String? = nil, idempotencyKey: String? = nil,
            origin: String
        ) {
            self.tokenHash = tokenHash
            self.credentialHash = credentialHash
            self.name = name
            self.idempotencyKey = idempotencyKey
            self.origin = origin
        }
    }

    package enum Outcome: Sendable {
        case enrolled(Device, DeviceName)
        case refused(TokenRefusal)
        /// The token is for something else.
        case wrongRole
        /// The token is for other names.
        case nameNotAllowed(String)
        /// The name is taken or kept back, or its device suspended.
        case unavailable(EnrollmentOutcome, DeviceName)
    }

    /// How long the name of a removed device is kept back.
    package static let holdTime: Duration = .seconds(30 * 86_400)
    /// Characters of an opaque label: 60 bits, in letters and digits that nobody mistakes for each other.
    private static let labelLength = 12
    private static let labelAlphabet = Array("abcdefghjkmnpqrstuvwxyz023456789")

    private let store: any FleetStore
    private let zones: [DomainName]
    private let ownership: NameOwnership
    private let now: @Sendable () -> Date

    package init(
        store: any FleetStore, zones: ManagedZones, now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.store = store
        self.zones = zones.names
        self.now = now
        ownership = NameOwnership(zones: zones, store: store)
    }

    /// A name that a device asks for is looked up first: what holds records of others is refused (`nameTaken`), and so is the
    /// server's own. While the primary does not tell, a token for that very name enrolls all the same, since an
    /// operator chose it; any other is told to come again. Neither gets a record or a certificate before the name has been
    /// found free.
    ///
    /// - Throws: `invalidName`, `nameInNoZone`, `nameTaken`, `UpdateFailure`, `LookupFailure`, `FleetStoreError`.
    package func enroll(_ application: Application) async throws -> Outcome {
        guard let token = try await store.token(hash: application.tokenHash) else { return .refused(.unknown) }
        guard token.role == .enroll else { return .wrongRole }
        let pattern = try token.namePattern.map { text throws(IssuanceError) in try NamePattern(text) }
        for attempt in 1... {
            let (name, isRandom) = try name(for: application, pattern: pattern)
            guard isAllowed(name, by: pattern, isRandom: isRandom) else { return .nameNotAllowed(name.description) }
            try ownership.zones.refuseServer(name)
            if !isRandom, token.refusal(at: now()) == nil {
                try await requireFree(name, isExact: pattern?.isExact ?? false)
            }
            let outcome = try await store.enroll(
                NewEnrollment(
                    tokenHash: application.tokenHash, idempotencyKey: application.idempotencyKey,
                    device: NewDevice(name: name.description, zone: name.zone.description),
                    // Who holds a token for many names could take any of their devices over.
                    mayReclaim: pattern?.isExact ?? false, credentialHash: application.credentialHash,
                    holdTime: Self.holdTime, origin: application.origin))
            switch outcome {
            case .enrolled(let device): return .enrolled(device, try DeviceName(device.name, zones: zones))
            case .tokenRefused(let refusal): return .refused(refusal)
            // Two devices drew the same label.
            case .nameTaken where isRandom && attempt < 5, .nameHeld where isRandom && attempt < 5: continue
            case .nameTaken, .nameHeld, .suspended, .coveredByWildcard: return .unavailable(outcome, name)
            }
        }
        return .refused(.unknown)
    }

    private func requireFree(_ name: DeviceName, isExact: Bool) async throws {
        do {
            try await ownership.requireFree(forNewHolderOf: name)
        } catch  where isExact && (error is LookupFailure || error is UpdateFailure) {
            return
        }
    }

    /// A label that says nothing of the device: names end up in public logs of certificates.
    package static func opaqueLabel(using random: inout some RandomNumberGenerator) -> String {
        // A letter first: some software takes a label of digits for a number.
        let first = labelAlphabet[..<23].randomElement(using: &random).map(String.init) ?? "d"
        return first + String((1..<labelLength).compactMap { _ in labelAlphabet.randomElement(using: &random) })
    }

    private func name(
        for application: Application, pattern: NamePattern?
    ) throws(IssuanceError) -> (DeviceName, isRandom: Bool) {
        if let wished = application.name { return (try DeviceName(wished, zones: zones), false) }
        if let pattern, pattern.isExact { return (try DeviceName(pattern.description, zones: zones), false) }
        var random = SystemRandomNumberGenerator()
        let label = Self.opaqueLabel(using: &random)
        // A pattern such as `shop-*` leads to shop-x7k…: the random part takes the place of the first star.
        guard let pattern, pattern.description.contains("*") else { return (try DeviceName(label, zones: zones), true) }
        let parts = pattern.description.split(separator: "*", omittingEmptySubsequences: false)
        let text = parts[0] + label + parts.dropFirst().joined()
        return (try DeviceName(String(text), zones: zones), true)
    }

    private func isAllowed(_ name: DeviceName, by pattern: NamePattern?, isRandom: Bool) -> Bool {
        guard let pattern, let defaultZone = zones.first else { return true }
        return pattern.matches(name, defaultZone: defaultZone)
    }
}
