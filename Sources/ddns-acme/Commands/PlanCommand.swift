import ArgumentParser
import CommandLineProgram
import FleetConfiguration
import FleetStore
import FoundationEssentials
import Issuance

/// `ddns-acme plan`
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Forecast a fleet's orders: when everybody is enrolled, the busiest hour, which override to ask for.",
        discussion: """
            Runs the server's own scheduler and its account of the CA's limits on a virtual clock, against a CA that counts \
            for itself; nothing is sent anywhere. With --devices the fleet begins with nothing; without it, it is the one \
            in the store, or with --server the control server's, with its certificates, what that server believes of its \
            CA, and how it times renewals. The same seed gives the same forecast.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var server: ServerOptions

    @Option(
        help: ArgumentHelp(
            "A fleet of so many new devices, 1 to 2,000,000 (default: the one in the store).", valueName: "n"))
    var devices: Int?

    @Option(help: ArgumentHelp("classic (90 days), tlsserver (45 days) or shortlived (160 hours).", valueName: "name"))
    var profile: String?

    @Option(help: ArgumentHelp("How long certificates are valid, such as 45d or 160h.", valueName: "time"))
    var lifetime: String?

    @Option(
        help: ArgumentHelp(
            "A limit the CA has raised: new-orders=N or certificates-per-domain=N, a week; may be repeated.",
            valueName: "limit=n"))
    var override: [String] = []

    @Option(
        help: ArgumentHelp(
            "Orders at a time at most, 1 to 1,000 (default: as configured, or 32).", valueName: "n"))
    var concurrency: Int?

    @Option(help: ArgumentHelp("How long an order takes on average.", valueName: "time")) var orderTime = "15s"

    @Option(help: ArgumentHelp("Days to look ahead, 1 to 3,650.", valueName: "n")) var days = 365

    @Option(
        help: ArgumentHelp(
            "Within how many days everybody should be enrolled (default: as configured, or 7).", valueName: "n"))
    var within: Int?

    @Option(
        name: .customLong("ca-down"),
        help: ArgumentHelp(
            "The CA answers nothing for that time from that day on: 24h@100; may be repeated.", valueName: "time@day"))
    var outages: [String] = []

    @Option(
        name: .customLong("mass-revocation"),
        help: ArgumentHelp(
            "On that day the CA wants all certificates replaced, and revokes the old ones a day later.",
            valueName: "day"))
    var recalls: [Int] = []

    @Flag(help: "First certificates as fast as the CA allows, not spread over --within.") var atOnce = false

    @Flag(help: "Bring renewals that bunch forward, out of the CA's windows (renewal.spread).") var spread = false

    @Option(help: ArgumentHelp("The day it begins, such as 2027-01-01 (default: today).", valueName: "date"))
    var from: String?

    @Option(help: ArgumentHelp("Another draw of what is random.", valueName: "n")) var seed: UInt64 = 1

    func validate() throws {
        func require(_ value: Int?, _ range: ClosedRange<Int>, _ name: String) throws {
            guard let value, !range.contains(value) else { return }
            throw ValidationError("\(name) takes a number from \(range.lowerBound) to \(range.upperBound)")
        }
        try require(devices, 1...2_000_000, "--devices")
        try require(concurrency, 1...1_000, "--concurrency")
        try require(days, 1...3_650, "--days")
        try require(within, 1...3_650, "--within")
        for day in recalls { try require(day, 0...3_650, "--mass-revocation") }
        _ = try (lifetimeSeconds(), startDate(), incidents(), limits(.letsEncrypt), orderSeconds())
    }

    func run() async throws {
        let (input, fleet) = try await input()
        let pace = Duration.seconds(within.map { $0 * Self.day } ?? 7 * Self.day)
        let period = within == nil ? input.policy.firstCertificates?.period ?? pace : pace
        let forecast = try Forecast(input, enrolledWithin: period.seconds / Double(7 * Self.day))
        let result = PlanResult(forecast, input: input, fleet: fleet)
        if common.json { try ResultPrinter.json(result) } else { print(PlanText.page(result)) }
    }

    // MARK: - What it is made of

    private static let day = 86_400

    private func input() async throws -> (ForecastInput, String) {
        var settings = PlannedSettings()
        var beginning: ForecastInput.Beginning
        var limits = AuthorityLimits.letsEncrypt
        var domains = RegisteredDomains()
        var lifetime = try lifetimeSeconds()
        let fleet: String
        if let devices {
            beginning = .enrollment(devices: devices)
            fleet = "new devices"
        } else if let url = server.url {
            let found = try await self.fleet(of: url)
            guard !found.present.isEmpty else { throw Self.nothing(at: url) }
            beginning = .present(found.present)
            limits = found.limits
            settings = found.settings
            domains = .system()
            lifetime = lifetime ?? Self.lifetime(ofProfile: found.profile ?? "") ?? Self.usual(found.present)
            fleet = "devices of \(url)"
        } else {
            let configuration = try Configuration.load(
                path: common.config, environment: ProcessInfo.processInfo.environment)
            let store = try await SQLiteFleetStore.open(directory: configuration.stateDirectory)
            // Nothing is written: a failure to close loses nothing.
            defer { try? store.close() }
            let present = try await store.fleetOutlook().map(ForecastInput.Present.init)
            guard !present.isEmpty else { throw Self.nothing(at: configuration.stateDirectory) }
            beginning = .present(present)
            settings = PlannedSettings(configuration.renewal)
            let assembled = LimitsAssembly.limits(configuration.acme)
            limits = assembled.limits
            domains = assembled.domains
            lifetime = lifetime ?? Self.lifetime(ofProfile: configuration.acme.profile ?? "") ?? Self.usual(present)
            fleet = "devices in \(configuration.stateDirectory)"
        }
        var input = ForecastInput(
            beginning: beginning, start: try startDate(), lifetime: lifetime ?? 90 * 86_400,
            limits: try self.limits(limits))
        input.domains = domains
        input.horizon = days * 86_400
        input.incidents = try incidents()
        input.orderTime = try orderSeconds()
        input.policy.concurrency = 1...(concurrency ?? settings.concurrency)
        input.policy.expectedWork = .seconds(input.orderTime)
        let period = within.map { $0 * Self.day } ?? settings.firstCertificates
        input.policy.firstCertificates = atOnce ? nil : period.map { FirstCertificatePace(period: .seconds($0)) }
        input.policy.quietHours = settings.quietHours
        input.leavesWindows = spread || settings.spreads
        input.seed = seed
        return (input, fleet)
    }

    private static func nothing(at place: String) -> CommandFailure {
        CommandFailure(
            .usage, "there is no device in \(place)",
            hints: ["give the number of devices to plan for: --devices 65000"])
    }

    /// Nil when neither option says it.
    private func lifetimeSeconds() throws -> Int? {
        if let lifetime {
            guard let seconds = Self.seconds(lifetime), (3_600...(10 * 365 * 86_400)).contains(seconds) else {
                throw ValidationError("--lifetime takes a time from 1h to 3650d, such as 45d")
            }
            return seconds
        }
        guard let profile else { return nil }
        guard let seconds = Self.lifetime(ofProfile: profile) else {
            throw ValidationError("the profile \(profile) is not known here: say --lifetime instead")
        }
        return seconds
    }

    private func orderSeconds() throws -> Double {
        guard let seconds = Self.seconds(orderTime), (1...3_600).contains(seconds) else {
            throw ValidationError("--order-time takes a time from 1s to 1h")
        }
        return Double(seconds)
    }

    private func startDate() throws -> Date {
        guard let from else { return Date(timeIntervalSince1970: Date().timeIntervalSince1970.rounded(.down)) }
        // The 30th of February would be the 2nd of March.
        guard let date = try? Date(from + "T00:00:00Z", strategy: .iso8601),
            date.formatted(.iso8601).hasPrefix(from)
        else {
            throw ValidationError("--from takes a day such as 2027-01-01")
        }
        return date
    }

    private func incidents() throws -> [ForecastInput.Incident] {
        let day = 86_400
        let downs = try outages.map { text in
            let parts = text.split(separator: "@")
            guard parts.count == 2, let length = Self.seconds(String(parts[0])), let first = Int(parts[1]),
                (0...3_650).contains(first)
            else { throw ValidationError("--ca-down takes a time and a day, such as 24h@100") }
            return ForecastInput.Incident.authorityDown(from: first * day, seconds: length)
        }
        return downs + recalls.map { .massRevocation(at: $0 * day, deadline: day) }
    }

    private func limits(_ standard: AuthorityLimits) throws -> AuthorityLimits {
        var limits = standard
        for text in override {
            let parts = text.split(separator: "=")
            guard parts.count == 2, let count = Int(parts[1]), count > 0, count <= 100_000_000 else {
                throw ValidationError("--override takes a limit and a number a week, such as new-orders=75000")
            }
            let limit = AuthorityLimits.Limit(count, per: .seconds(7 * 86_400))
            switch parts[0] {
            case "new-orders": limits.newOrders = limit
            case "certificates-per-domain": limits.certificatesPerDomain = limit
            default:
                throw ValidationError("--override knows new-orders and certificates-per-domain, not \(parts[0])")
            }
        }
        return limits
    }

    /// Let's Encrypt's profiles (letsencrypt.org/docs/profiles).
    private static func lifetime(ofProfile name: String) -> Int? {
        ["classic": 90 * 86_400, "tlsserver": 45 * 86_400, "shortlived": 160 * 3_600][name]
    }

    /// That of most of the certificates there are.
    private static func usual(_ fleet: [ForecastInput.Present]) -> Int? {
        var counts: [Int: Int] = [:]
        for device in fleet {
            guard let validity = device.validity else { continue }
            counts[Int(validity.upperBound.timeIntervalSince(validity.lowerBound).rounded()), default: 0] += 1
        }
        return counts.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key
    }

    private static func seconds(_ text: String) -> Int? {
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        guard let unit = text.last.flatMap({ units[$0] }), let count = Int(text.dropLast()), count > 0,
            count < 1_000_000_000
        else { return nil }
        return count * unit
    }
}

extension ForecastInput.Present {
    fileprivate init(_ device: FleetOutlook) {
        self.init(zone: device.zone, tag: device.tag, validity: device.validity, renewAt: device.renewAt)
    }
}
