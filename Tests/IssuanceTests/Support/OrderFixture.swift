import ACME
import DNSUpdate
import DeviceCertificates
import FleetStore
import Foundation
import Logging
import Synchronization
import TestSupport
import X509

@testable import Issuance

/// A solver that has every challenge in place at once, and remembers what it was told.
final class ObedientSolver: ChallengeSolver {
    private let log = Mutex<(present: Int, withdrawn: Int)>((0, 0))
    private let orders = Mutex<[OrderRecord.ID]>([])
    private let surveyor = Mutex<@Sendable ([DomainName]) throws -> Void>({ _ in })
    private let hook = Mutex<@Sendable () async throws -> Void>({})

    var type: ChallengeType { .dns01 }
    /// The orders whose challenges were taken back.
    var withdrawnOrders: [OrderRecord.ID] { orders.withLock { $0 } }
    /// How many challenges were published, and how many taken back.
    var counts: (present: Int, withdrawn: Int) { log.withLock { $0 } }

    func survey(_ identifiers: [DomainName], account: ACMEURL) async throws {
        try surveyor.withLock { $0 }(identifiers)
    }
    func forget(_ identifiers: [DomainName], account: ACMEURL) {}
    /// Called for the names of each order that is to be made.
    func onSurvey(_ body: @escaping @Sendable ([DomainName]) throws -> Void) { surveyor.withLock { $0 = body } }

    func present(_ tasks: [ChallengeTask], holding lease: Lease?) async throws {
        log.withLock { $0.present += tasks.count }
    }
    func confirm(_ tasks: [ChallengeTask], progress: @escaping @Sendable (String) -> Void) async throws {
        try await hook.withLock { $0 }()
    }
    /// Called while every challenge is waited for.
    func whileWaiting(_ body: @escaping @Sendable () async throws -> Void) { hook.withLock { $0 = body } }
    func evidence(_ tasks: [ChallengeTask]) async -> [String] { ["192.0.2.53 shows the challenge"] }
    func withdraw(_ tasks: [ChallengeTask], of order: OrderRecord.ID, holding lease: Lease?) async -> [String] {
        log.withLock { $0.withdrawn += tasks.count }
        orders.withLock { $0.append(order) }
        return []
    }
}

/// A wall clock that a test sets.
final class TestTime: Sendable {
    private let date: Mutex<Date>

    init(_ date: Date = Date(timeIntervalSince1970: 1_800_000_000)) { self.date = Mutex(date) }

    var now: Date { date.withLock { $0 } }
    /// To the millisecond, as the store keeps instants: what was noted for this moment is due at this moment.
    func advance(by seconds: TimeInterval) {
        date.withLock {
            $0 = Date(timeIntervalSince1970: (($0.timeIntervalSince1970 + seconds) * 1_000).rounded() / 1_000)
        }
    }
}

/// The clock of an ACME client whose calendar is the test's; sleeping moves it.
struct TestClock: ACMEClock {
    let time: TestTime
    var uptime: Duration { .milliseconds(Int64(time.now.timeIntervalSince1970 * 1_000)) }
    var now: Date { time.now }

    func sleep(for duration: Duration) async throws {
        try Task.checkCancellation()
        time.advance(by: duration.seconds)
        await Task.yield()
    }
}

/// All that issues certificates, with a CA double, a real store and no DNS.
struct OrderFixture: Sendable {
    let ca: AuthorityDouble
    let store: SQLiteFleetStore
    let issuer: CertificateIssuer
    let solver: ObedientSolver
    let time: TestTime
    let pace: AuthorityPace
    let accounts: AccountManager

    static func with(
        _ options: AuthorityDouble.Options = AuthorityDouble.Options(), limits: AuthorityLimits = .none,
        _ body: @escaping @Sendable (OrderFixture) async throws -> Void
    ) async throws {
        try await TemporaryDirectory.with { folder in
            let time = TestTime()
            let ca = try AuthorityDouble(options, now: { time.now })
            try await with(ca, folder, time, limits: limits, body)
        }
    }

    /// As another process on the same state directory would have it.
    static func with(
        _ ca: AuthorityDouble, _ folder: TemporaryDirectory, _ time: TestTime, limits: AuthorityLimits = .none,
        _ body: @escaping @Sendable (OrderFixture) async throws -> Void
    ) async throws {
        let directory = folder.path("state")
        let store = try await SQLiteFleetStore.open(directory: directory, clock: { time.now })
        let directoryURL = try ca.directoryURL
        let pace = AuthorityPace(
            directoryURL: directoryURL.text, rates: .none, store: store, clock: TestClock(time: time))
        let client = ACMEClient(
            directory: directoryURL, transport: ca, clock: TestClock(time: time), random: { 0.5 }, gate: pace,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let accounts = AccountManager(
            client: client, store: store, stateDirectory: directory,
            policy: AccountManager.Policy(contacts: [], agreesToTerms: true))
        let solver = ObedientSolver()
        let issuer = CertificateIssuer(
            client: client, accounts: accounts, store: store, zones: ManagedZones([]), solver: solver,
            limits: IssuanceLimits(directoryURL: directoryURL.text, limits: limits, domains: RegisteredDomains()),
            now: { time.now })
        try await body(
            OrderFixture(
                ca: ca, store: store, issuer: issuer, solver: solver, time: time, pace: pace,
                accounts: accounts))
        try store.close()
    }

    func device(_ label: String = "dev1") async throws -> Device {
        try await store.ensureDevice(NewDevice(name: "\(label).\(Fixture.zone)", zone: Fixture.zone)).device
    }

    /// Obtains a certificate as `issue` does, with a fresh key unless one is given.
    @discardableResult
    func obtain(_ device: Device, key: DeviceKey? = nil, isForced: Bool = false) async throws -> CertificateRecord {
        let (issuer, store, name, key) = (issuer, store, device.name, try key ?? .generate())
        let forcedAt = isForced ? time.now : nil
        return try await store.withLease("device:" + name) { lease in
            let obtained = try await issuer.obtain(
                CertificateIssuer.Wish(
                    device: device, names: [name], profile: nil,
                    request: try CertificateRequest(names: [name], deviceKey: key),
                    predecessor: try await store.currentCertificate(of: device.id), isForced: isForced,
                    forcedAt: forcedAt),
                lease: lease, progress: { _ in })
            try await issuer.delivered(obtained, lease: lease)
            return obtained.record
        }
    }

    /// A request of the device's, as the control server takes it in.
    @discardableResult
    func submit(
        _ device: Device, key: DeviceKey, profile: String? = nil, isForced: Bool = false
    ) async throws -> CertificateRequestRecord {
        let request = try CertificateRequest(names: [device.name], deviceKey: key)
        let time = time
        _ = try await CertificateDesk(store: store, now: { time.now }).submit(
            request.der, of: device, profile: profile, mayHaveWildcard: false, isForced: isForced)
        guard let record = try await store.request(of: device.id) else { throw TestFailure("no request was kept") }
        return record
    }

    /// - Parameter profile: the configured one.
    func workOff(_ device: Device, profile: String? = nil) async throws -> RequestWorker.Outcome {
        let time = time
        return try await RequestWorker(issuer: issuer, store: store, profile: profile, now: { time.now })
            .workOff(device.id)
    }

    /// The error of an issuance that must fail.
    func failure(_ device: Device) async throws -> any Error {
        do {
            _ = try await obtain(device)
        } catch {
            return error
        }
        throw TestFailure("a certificate was issued for \(device.name)")
    }
}
