import DeviceHost
import FleetAPI
import TestSupport
import Testing

@testable import DeviceAgent

@Suite("When to check in")
struct ScheduleTests {
    func outcome(_ seconds: Int, _ certificate: CheckInOutcome.Certificate = .current) -> CheckInOutcome {
        CheckInOutcome(
            name: "d.example", published: [], certificate: certificate, checkInAfter: .seconds(seconds))
    }

    let down = AgentError(FleetAPIError(.unreachable, "down"))

    @Test(
        "After an answer: what the server says and up to a tenth more",
        arguments: [(0.0, 300.0), (0.5, 315), (0.999, 329.97)])
    func regular(random: Double, seconds: Double) {
        var schedule = CheckInSchedule { random }
        #expect(abs(schedule.delay(after: outcome(300)) / .seconds(1) - seconds) < 0.01)
        #expect(schedule.delay(after: outcome(1)) >= CheckInSchedule.shortest)
        let end = Timestamp(secondsSinceEpoch: 0)
        let installed = schedule.delay(after: outcome(300, .installed(serial: "01", notAfter: end)))
        #expect(abs(installed / .seconds(1) - seconds / 10) < 0.01)
    }

    @Test("Against a dead server the time doubles up to an hour, with full jitter, and starts anew after an answer")
    func backOff() {
        var schedule = CheckInSchedule { 0.5 }
        let delays = (0..<12).map { _ in schedule.delay(after: down) / .seconds(1) }
        #expect(delays == [15, 30, 60, 120, 240, 480, 960, 1_800, 1_800, 1_800, 1_800, 1_800])
        _ = schedule.delay(after: outcome(300))
        #expect(schedule.delay(after: down) == .seconds(15))
        // A device that comes up without a clock trusts nobody until it has heard of the time.
        var early = CheckInSchedule { 0.5 }
        #expect(early.delay(after: AgentError(FleetAPIError(.untrusted, ""))) == .seconds(15))
        var eager = CheckInSchedule { 0 }
        #expect(eager.delay(after: down) == CheckInSchedule.shortest)
    }

    @Test(
        "A fleet whose server is dead for a day asks it some fifty times a device, evenly spread from the second hour on"
    )
    func fleet() {
        var random = SystemRandomNumberGenerator()
        var perMinute = [Int](repeating: 0, count: 1_440)
        let devices = 500
        for _ in 0..<devices {
            let numbers = Mutable((0..<400).map { _ in Double.random(in: 0..<1, using: &random) })
            var schedule = CheckInSchedule {
                numbers.change { $0.append($0.removeFirst()) }
                return numbers.value[0]
            }
            var time = 0.0
            while true {
                time += schedule.delay(after: down) / .seconds(1)
                guard time < 86_400 else { break }
                perMinute[Int(time / 60)] += 1
            }
        }
        let total = perMinute.reduce(0, +)
        #expect((45...70).contains(total / devices), "\(total)")
        // On average a sixtieth of twice the fleet each minute; six standard deviations more would be a crowd.
        let mean = Double(perMinute[120...].reduce(0, +)) / 1_320
        let most = perMinute[120...].max() ?? 0
        #expect(Double(most) < mean + 8 * mean.squareRoot(), "\(most) in one minute, \(mean) on average")
    }

    @Test("Retry-After is never undercut, for a server that is down, one that limits and a CA that fails")
    func retryAfter() {
        var schedule = CheckInSchedule { 0 }
        for code in [FleetAPIError.Code.limited, .unavailable, .failed] {
            let error = AgentError(FleetAPIError(code, "", retryAfter: .seconds(7_200)))
            #expect(schedule.delay(after: error) == .seconds(7_200))
            #expect(schedule.delay(after: outcome(300, .failed(error))) == .seconds(7_200))
        }
        #expect(schedule.delay(after: outcome(300, .pending(retryAfter: .seconds(20)))) == .seconds(20))
        #expect(schedule.delay(after: outcome(300, .pending(retryAfter: .seconds(900)))) == .seconds(300))
    }

    @Test("A refusal is asked about again in the order of an hour: a suspended device may be resumed")
    func refused() {
        var schedule = CheckInSchedule { 0.5 }
        for code in [FleetAPIError.Code.unauthorized, .forbidden, .badAnswer] {
            let delay = schedule.delay(after: AgentError(FleetAPIError(code, "")))
            #expect(delay >= .seconds(2_700) && delay <= .seconds(3_600))
        }
    }
}

@Suite("The service")
struct ServiceTests {
    /// Runs the service on a clock that stands still; it is stopped at the end.
    static func with(
        enrolled: Bool = true, manager: ServiceManager? = nil,
        _ body: (AgentHarness, ManualClock) async throws -> Void
    ) async throws {
        try await AgentHarness.with { harness in
            let clock = ManualClock()
            harness.settings.addressPoll = 86_400
            // Before the clock stands still: a process that a test beside starts may hold the lock for a moment.
            if enrolled { try await harness.enroll() }
            harness.clock = clock
            let service = AgentService(agent: try harness.agent(), manager: manager)
            let shared = harness
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    _ = try await service.run { [token = shared.server.token] () throws(AgentError) in token }
                }
                try await body(shared, clock)
                shared.events.post(.stop)
                try await group.waitForAll()
            }
        }
    }

    /// Lets the time pass until the next of the service's waits is over, the daily look for addresses aside.
    static func nextWait(_ clock: ManualClock) async throws -> Duration {
        try await clock.waitForSleepers(2)
        let wait = try #require(clock.nextDeadline).offset - clock.now.offset
        clock.advance(by: wait)
        return wait
    }

    @Test("Not enrolled: enrolls first, checks in at once, then as the server says")
    func enrolls() async throws {
        try await Self.with(enrolled: false) { harness, clock in
            try await harness.server.waitForRequests(.checkIn, 1)
            #expect(try await Self.nextWait(clock) == .seconds(31.5))
            try await harness.server.waitForRequests(.checkIn, 2)
            #expect(harness.server.requests(Route.enroll.rawValue).count == 1)
        }
    }

    @Test("Enrolled: the first check-in comes within seconds, at a random moment")
    func start() async throws {
        try await Self.with { harness, clock in
            #expect(try await Self.nextWait(clock) == AgentService.startSpread / 2)
            try await harness.server.waitForRequests(.checkIn, 1)
        }
    }

    @Test("A dead server is asked ever more seldom; the enrollment too")
    func deadServer() async throws {
        try await Self.with(enrolled: false) { harness, clock in
            for _ in 0..<3 { harness.server.next(.enroll, .failure(FleetAPIError(.unreachable, "down"))) }
            for _ in 0..<3 { harness.server.next(.checkIn, .failure(FleetAPIError(.timedOut, "slow"))) }
            harness.server.change { $0.checkInAfter = 1_000 }
            var waits: [Duration] = []
            // Waits below a second are those for the state directory's lock, not for the server.
            while !waits.contains(.seconds(1_050)), waits.count < 20 {
                let wait = try await Self.nextWait(clock)
                if wait >= .seconds(1) { waits.append(wait) }
            }
            // The first attempt may have come before the faults were in place; then it is not among the three. After the
            // installation it reports that.
            let known: [Duration] = [.seconds(15), .seconds(30), .seconds(60), .seconds(31.5)]
            #expect(waits.filter { $0 < .seconds(1_000) }.allSatisfy { known.contains($0) })
            #expect(waits.contains(.seconds(1_050)))
        }
    }

    @Test("A server that is dead for ten hours is asked 26 times, and a day's worth of devices never in one moment")
    func longDeath() async throws {
        try await Self.with { harness, clock in
            let down = FakeControlServer.Fault.failure(FleetAPIError(.unreachable, "down"))
            for _ in 0..<100 { harness.server.next(.checkIn, down) }
            while clock.now.offset < .seconds(36_000) { _ = try await Self.nextWait(clock) }
            // 7.5 s at the start, then 15, 30 … 960 s, then half an hour each.
            try await harness.server.waitForRequests(.checkIn, 26)
            #expect((26...27).contains(harness.server.requests(Route.checkIn.rawValue).count))
        }
    }

    @Test("SIGHUP is a check-in now")
    func hangUp() async throws {
        try await Self.with { harness, clock in
            _ = try await Self.nextWait(clock)
            try await harness.server.waitForRequests(.checkIn, 1)
            try await clock.waitForSleepers(2)
            harness.events.post(.checkIn)
            try await harness.server.waitForRequests(.checkIn, 2)
        }
    }

    @Test("A changed address leads to a check-in soon, but not sooner than half a minute after the last")
    func addressChange() async throws {
        try await Self.with { harness, clock in
            harness.server.change { $0.action = CertificateDirective.Action.none }
            _ = try await Self.nextWait(clock)
            try await harness.server.waitForRequests(.checkIn, 1)
            try await clock.waitForSleepers(2)
            harness.interfaces.change { $0 = [InterfaceAddress(interface: "eth0", address: address("10.0.0.77"))] }
            // A day passes at once for the look at the addresses only if the regular check-in has not come before.
            harness.events.post(.addressesChanged)
            try await poll("the sooner deadline") {
                clock.nextDeadline.map { $0.offset - clock.now.offset } == .seconds(31.5) ? true : nil
            }
            clock.advance(by: .seconds(31.5))
            try await harness.server.waitForRequests(.checkIn, 2)
            #expect(harness.server.requests(Route.checkIn.rawValue).last?.checkIn?.addresses == ["10.0.0.77"])
        }
    }

    @Test("The addresses are looked at regularly, and a change is noticed")
    func addressPoll() async throws {
        try await AgentHarness.with { harness in
            let clock = ManualClock()
            harness.clock = clock
            harness.settings.addressPoll = 10
            let agent = try await harness.enroll()
            let harness = harness
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try await AgentService(agent: agent).run { () throws(AgentError) in nil } }
                try await clock.waitForSleepers(2)
                clock.advance(by: .seconds(8))
                try await harness.server.waitForRequests(.checkIn, 1)
                try await clock.waitForSleepers(2)
                harness.interfaces.change { $0 = [] }
                clock.advance(by: .seconds(2))
                try await poll("the note of the change") {
                    harness.log.value.contains("the local addresses are now: none") ? true : nil
                }
                harness.events.post(.stop)
                try await group.waitForAll()
            }
        }
    }

    @Test("A reload ends it without a word of stopping, and the next one checks in at once", arguments: [true, false])
    func reload(enrolled: Bool) async throws {
        try await AgentHarness.with { harness in
            if enrolled { try await harness.enroll() }
            let listener = try ServiceManagerTests.Listener(harness.directory.path("notify"))
            let service = AgentService(
                agent: try harness.agent(), manager: ServiceManager(environment: ["NOTIFY_SOCKET": listener.name]))
            // With a server that is down, an enrollment is put off.
            if !enrolled { harness.server.next(.enroll, .answer(FakeControlServer.problem(.overloaded))) }
            harness.events.post(.reload)
            let token = harness.server.token
            let ending = try await service.run { () throws(AgentError) in token }
            #expect(ending == .reload)
            harness.events.post(.stop)
            let last = try await service.run { () throws(AgentError) in token }
            #expect(last == .stopped)
            var messages: [String] = []
            while let message = listener.message() { messages.append(message) }
            #expect(messages.filter { !$0.hasPrefix("STATUS=") } == ["READY=1", "READY=1", "STOPPING=1"])
        }
    }

    @Test("A token that the server refuses ends the service, since waiting would not help")
    func refusedToken() async throws {
        try await AgentHarness.with { harness in
            let agent = try harness.agent()
            let wrong = SecretToken.random(.enrollment)
            let error = await #expect(throws: AgentError.self) {
                try await AgentService(agent: agent).run { () throws(AgentError) in wrong }
            }
            #expect(error?.cause?.code == .unauthorized)
        }
    }

    @Test("systemd hears that the service is ready, how it is, that it lives, and that it stops")
    func notifies() async throws {
        try await TemporaryDirectory.with { directory in
            let listener = try ServiceManagerTests.Listener(directory.path("notify"))
            let manager = try #require(
                ServiceManager(environment: ["NOTIFY_SOCKET": listener.name, "WATCHDOG_USEC": "20000000"]))
            try await Self.with(manager: manager) { harness, clock in
                try await clock.waitForSleepers(3)
                clock.advance(by: .seconds(10))
                try await harness.server.waitForRequests(.checkIn, 1)
                try await clock.waitForSleepers(3)
            }
            var messages: [String] = []
            while let message = listener.message() { messages.append(message) }
            #expect(messages.first == "READY=1")
            #expect(messages.count { $0 == "WATCHDOG=1" } >= 2)
            #expect(messages.contains { $0.hasPrefix("STATUS=dev1.devices.example.com has 10.0.0.5 in DNS") })
            #expect(messages.last == "STOPPING=1")
        }
    }
}
