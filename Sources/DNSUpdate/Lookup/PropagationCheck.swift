import Synchronization

/// Waits until every server shows every challenge (RFC 8555 §8.4), asking each of them directly.
///
/// The serial that the primary has once it shows everything is the watermark: a server at or above it has transferred
/// the change (RFC 1982), which one SOA query tells for any number of challenges. A TXT query per challenge then
/// confirms it. Serials decide only when it is worth looking; what is believed is the TXT record itself, so servers
/// whose serials cannot be compared (another signer, a restored backup) are looked at anyway from time to time.
package struct PropagationCheck: Sendable {
    /// A TXT value that must be seen at a name.
    package struct Challenge: Sendable, Hashable {
        package let name: DomainName
        package let value: String

        package init(name: DomainName, value: String) {
            self.name = name
            self.value = value
        }
    }

    package struct Settings: Sendable {
        /// The pause after the first look; each further one is longer by ``growth``.
        package var firstPause = Duration.milliseconds(20)
        package var growth = 1.5
        package var longestPause = Duration.seconds(1)
        /// For one look-up at one server.
        package var lookupTimeout = Duration.seconds(3)
        /// Challenges asked for at once at one server.
        package var lookupsAtOnce = 16
        /// A server below the watermark is asked for the TXT records all the same after so many SOA queries.
        package var serialPolls = 4
        /// The same with a ``PropagationWatch``, as a time: its serials cost next to nothing.
        package var longestTrust = Duration.seconds(15)

        package init() {}
    }

    let lookup: AuthoritativeLookup
    let settings: Settings
    private(set) var watch: PropagationWatch?
    private let clock: any Clock<Duration>

    /// - Parameter watch: shared by all waits of a process; without it each wait asks for serials by itself.
    package init(
        lookup: AuthoritativeLookup = AuthoritativeLookup(), settings: Settings = Settings(),
        watch: PropagationWatch? = nil, clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.lookup = lookup
        self.settings = settings
        self.watch = watch
        self.clock = clock
    }

    /// Waits until the primary and all `servers` show all challenges.
    ///
    /// A server that this machine has no route to (an IPv6 address where there is only IPv4) cannot be checked from
    /// here and is not waited for, as long as another one confirms; the report says so.
    ///
    /// - Parameters:
    ///   - challenges: names in `zone`.
    ///   - primary: where the update went. A NOERROR is no proof, so it is looked at like the others.
    ///   - servers: every address that a CA's resolver may ask; may or may not include the primary.
    ///   - quorum: how many of `servers` must show them, at the most all; nil: all. The primary must in any case.
    ///   - timeout: when to give up.
    ///   - primaryKey: signs the questions to a primary that is not among `servers`. One that is has to show the challenges to
    ///     everybody: a key can select a view that nobody else sees.
    ///   - progress: told of each change of a server's state. Called from several tasks.
    /// - Throws: ``PropagationFailure``: at the timeout, when the task is cancelled, or when waiting is of no use.
    @discardableResult
    package func wait(
        for challenges: [Challenge], in zone: DomainName, primary: DNSEndpoint, servers: [DNSEndpoint],
        quorum: Int? = nil, timeout: Duration, primaryKey: TSIGKey? = nil,
        progress: @escaping @Sendable (PropagationProgress) -> Void = { _ in }
    ) async throws(PropagationFailure) -> PropagationReport {
        let stopwatch = Stopwatch(clock)
        let shared = PropagationWatermark()
        let isPublic = servers.contains(primary)
        var targets = [primary]
        for server in servers where !targets.contains(server) { targets.append(server) }
        let pollers = targets.map { server in
            PropagationPoller(
                check: self, stopwatch: stopwatch, timeout: timeout, zone: zone, challenges: challenges,
                server: server, isPrimary: server == primary, key: server == primary && !isPublic ? primaryKey : nil,
                watermark: shared, progress: progress)
        }
        let enough = quorum.map { PropagationReport.Quorum($0, of: servers) }
        var reports: [Int: PropagationReport.Server] = [:]
        // Shared serials say when to look elsewhere, but only once the primary's is known.
        if watch != nil { reports[0] = await pollers[0].run() }
        if reports[0]?.isHopeless != true {
            let pending = pollers.indices.dropFirst(reports.count)
            await withTaskGroup(of: (Int, PropagationReport.Server).self) { group in
                for index in pending { group.addTask { (index, await pollers[index].run()) } }
                for await (index, report) in group {
                    reports[index] = report
                    // What can never succeed ends the wait for the others, and so do those that suffice.
                    if report.isHopeless { group.cancelAll() }
                    if enough?.isReached(by: Array(reports.values)) == true { group.cancelAll() }
                }
            }
        }
        var report = PropagationReport(
            zone: zone, elapsed: stopwatch.elapsed, watermark: shared.serial,
            servers: targets.indices.compactMap { reports[$0] }, quorum: enough)
        guard report.isComplete else {
            if isPublic, let primaryKey, let missing = reports[0]?.missing.first, reports[0]?.isHopeless != true {
                report.isInAnotherView = await lookup.visibility(
                    of: missing.value, at: missing.name, on: primary, key: primaryKey, timeout: settings.lookupTimeout
                ).isShown
            }
            throw PropagationFailure(report, wasCancelled: Task.isCancelled)
        }
        return report
    }

    /// The serial that a server has of a zone; nil if it does not tell it with authority.
    func serial(of zone: DomainName, at server: DNSEndpoint, key: TSIGKey? = nil, timeout: Duration? = nil) async
        -> SerialNumber?
    {
        let answer = try? await lookup.query(
            zone, .soa, at: server, key: key, timeout: timeout ?? settings.lookupTimeout)
        guard let answer, answer.isAuthoritative else { return nil }
        return answer.serial
    }

    /// The same for what the watch itself keeps, which must not keep the watch.
    var unwatched: PropagationCheck {
        var check = self
        check.watch = nil
        return check
    }

    func stopwatch() -> Stopwatch { Stopwatch(clock) }

    /// Sleeps on the injected clock; returns at once when the task is cancelled.
    func pause(_ duration: Duration) async {
        try? await clock.sleep(for: duration)
    }

    /// The pause after a number of looks.
    func pause(after looks: Int, of remaining: Duration) -> Duration {
        var pause = settings.firstPause
        for _ in 1..<max(1, min(looks, 64)) where pause < settings.longestPause { pause = pause * settings.growth }
        return min(pause, settings.longestPause, remaining)
    }
}

/// Time since it was made, on any clock.
struct Stopwatch: Sendable {
    private let read: @Sendable () -> Duration

    init(_ clock: any Clock<Duration>) {
        self.init(opened: clock)
    }

    private init<C: Clock>(opened clock: C) where C.Duration == Duration {
        let start = clock.now
        read = { start.duration(to: clock.now) }
    }

    var elapsed: Duration { read() }
}

/// The primary's serial when it showed every challenge, once that is known.
final class PropagationWatermark: Sendable {
    private let state = Mutex<SerialNumber?>(nil)

    var serial: SerialNumber? {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}
