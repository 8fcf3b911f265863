package import DeviceHost
package import FleetAPI

/// The agent as a service: checks in when the server wants it, sooner when an address changes, until it is told to
/// stop.
package struct AgentService: Sendable {
    /// Why it came to its end.
    package enum Ending: Sendable {
        case stopped
        /// It is to go on with the settings as they are now.
        case reload
    }

    private let agent: Agent
    private let manager: ServiceManager?

    /// Two check-ins for changed addresses are at least so far apart.
    static let addressGap: Duration = .seconds(30)
    /// Addresses often change one after the other; one check-in is to carry them all.
    static let settling: Duration = .seconds(3)
    /// Devices that come up together after a power cut do not ask together.
    static let startSpread: Duration = .seconds(15)

    package init(agent: Agent, manager: ServiceManager? = nil) {
        self.agent = agent
        self.manager = manager
    }

    private var surroundings: AgentSurroundings { agent.surroundings }

    /// Runs until ``AgentEvents/Event/stop`` or ``AgentEvents/Event/reload``, or until the task is cancelled.
    ///
    /// - Parameters:
    ///   - atOnce: whether to check in without the wait at the start that spreads a fleet.
    ///   - token: where the enrollment token is, if the device is not enrolled yet.
    /// - Throws: what makes going on senseless: `notEnrolled`, `badToken`, a token that the server refuses,
    ///   `cannotWrite` at the start.
    package func run(
        atOnce: Bool = false, token: @Sendable () throws(AgentError) -> SecretToken?
    ) async throws(AgentError) -> Ending {
        try agent.directory.prepare()
        manager?.ready()
        let result = await withTaskGroup(of: Void.self) { group in
            group.addTask { await watchAddresses() }
            group.addTask { await keepWatchdogQuiet() }
            defer { group.cancelAll() }
            do throws(AgentError) {
                let enrollment = try await enroll(token)
                if enrollment == .putOff { return Result<Ending, AgentError>.success(.reload) }
                return .success(await checkInRepeatedly(atOnce: enrollment == .new || atOnce))
            } catch {
                return error.code == .cancelled ? .success(.stopped) : .failure(error)
            }
        }
        if case .success(.reload) = result { return .reload }
        manager?.stopping()
        return try result.get()
    }

    // MARK: - Check-ins

    private enum Enrollment {
        case new, known
        /// A reload came first.
        case putOff
    }

    private func enroll(_ token: () throws(AgentError) -> SecretToken?) async throws(AgentError) -> Enrollment {
        var schedule = CheckInSchedule(random: surroundings.random)
        while true {
            do throws(AgentError) {
                let enrollment = try await agent.enroll(token: token)
                if enrollment.isNew { surroundings.log(.note, "enrolled as \(enrollment.name)") }
                return enrollment.isNew ? .new : .known
            } catch {
                guard error.mayPassSoon else { throw error }
                surroundings.log(error)
                let delay = schedule.delay(after: error)
                tell("not enrolled: \(error.message); next attempt in \(Self.words(delay))")
                switch await due(after: delay) {
                case .cancelled, .event(.stop): throw AgentError(.cancelled, "cancelled")
                case .event(.reload): return .putOff
                case .time, .event: break
                }
            }
        }
    }

    private func checkInRepeatedly(atOnce: Bool) async -> Ending {
        var schedule = CheckInSchedule(random: surroundings.random)
        var delay = atOnce ? .zero : Self.startSpread * surroundings.random()
        while true {
            let isScheduled: Bool
            switch await due(after: delay) {
            case .cancelled, .event(.stop): return .stopped
            case .event(.reload): return .reload
            case .event(.checkIn): isScheduled = false
            case .time, .event: isScheduled = true
            }
            do throws(AgentError) {
                let outcome = try await agent.checkIn(isScheduled: isScheduled)
                delay = schedule.delay(after: outcome)
                report(outcome, delay)
            } catch {
                if error.code == .cancelled { return .stopped }
                surroundings.log(error)
                delay = schedule.delay(after: error)
                tell("\(error.message); next check-in in \(Self.words(delay))")
            }
        }
    }

    private func report(_ outcome: CheckInOutcome, _ delay: Duration) {
        if case .failed(let error) = outcome.certificate, error.code != .reloadFailed, error.code != .notServed {
            // Those two have been told of where they happened.
            surroundings.log(error)
        }
        if let error = outcome.unsaved { surroundings.log(.warning, "nothing of this is remembered: \(error.message)") }
        let addresses = outcome.published.isEmpty ? "no address" : outcome.published.joined(separator: ", ")
        tell("\(outcome.name) has \(addresses) in DNS; next check-in in \(Self.words(delay))")
    }

    private func tell(_ text: String) {
        manager?.status(text)
    }

    private static func words(_ duration: Duration) -> String {
        "\(duration.components.seconds) s"
    }

    // MARK: - Waiting

    private enum Wake: Sendable {
        case time, cancelled
        case event(AgentEvents.Event)
    }

    /// Waits until it is time, or something asks for a check-in before that.
    private func due(after delay: Duration) async -> Wake {
        let waited = surroundings.stopwatch()
        var deadline = delay
        while true {
            let wake = await pause(deadline - waited())
            guard case .event(.addressesChanged) = wake else { return wake }
            // Not everything may have settled yet, and a flapping link is no reason to hammer the server.
            let soon = max(Self.settling, Self.addressGap - waited()) * (1 + surroundings.random() / 10)
            deadline = min(deadline, waited() + soon)
        }
    }

    /// Waits for that long, or for an event.
    private func pause(_ duration: Duration) async -> Wake {
        guard duration > .zero else { return agent.events.isStopped ? .event(.stop) : .time }
        return await withTaskGroup(of: Wake.self) { group in
            group.addTask { [surroundings] in
                (try? await surroundings.clock.sleep(for: duration)) == nil ? .cancelled : .time
            }
            group.addTask { [events = agent.events] in
                await events.next().map { .event($0) } ?? .cancelled
            }
            defer { group.cancelAll() }
            return await group.next() ?? .cancelled
        }
    }

    private func watchAddresses() async {
        var last = agent.localAddresses()
        while (try? await surroundings.sleep(agent.configuration.addressPoll)) != nil {
            let now = agent.localAddresses()
            if now != last {
                let text = now.isEmpty ? "none" : now.map(\.description).joined(separator: ", ")
                surroundings.log(.note, "the local addresses are now: \(text)")
                agent.events.post(.addressesChanged)
            }
            last = now
        }
    }

    private func keepWatchdogQuiet() async {
        guard let manager, let interval = manager.watchdogInterval else { return }
        repeat { manager.alive() } while (try? await surroundings.sleep(interval)) != nil
    }
}
