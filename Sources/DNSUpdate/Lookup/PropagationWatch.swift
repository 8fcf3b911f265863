import NIOPosix
import Synchronization

/// What all waits for propagation in one process share: one watch of the serial for each zone and server. With it the SOA
/// queries grow with the servers, not with the challenges (DESIGN §6 rule 8).
package final class PropagationWatch: Sendable {
    /// A server that challenges wait for.
    package struct Laggard: Sendable, Hashable {
        package let zone: DomainName
        package let server: DNSEndpoint
        /// The last serial known there.
        package let serial: SerialNumber?
        /// Challenges that wait for a higher one.
        package let waiting: Int
        /// For how long one of them has waited.
        package let lag: Duration
    }

    private struct Key: Hashable {
        let zone: DomainName
        let server: DNSEndpoint
        var signer: DomainName?
    }

    private let watches = Mutex<[Key: SerialWatch]>([:])
    private let primaries = Mutex<[Key: SharedQuestion<SerialNumber?>]>([:])
    private let limits = Mutex<[DNSEndpoint: InFlightLimit]>([:])
    private let pipelines = Mutex<[Key: PipelinedLookup]>([:])
    private let avoided = Mutex<[DNSEndpoint: ContinuousClock.Instant]>([:])
    private let questionsAtOnce: Int

    /// Questions under way to one server as a datagram each; what comes beyond goes over one connection.
    static let datagramsAtOnce = 8

    private static let avoidance = Duration.seconds(60)

    /// - Parameter questionsAtOnce: questions under way to one server, of all waits together.
    package init(questionsAtOnce: Int = 64) {
        self.questionsAtOnce = questionsAtOnce
    }

    /// The servers that somebody waits for now.
    package var laggards: [Laggard] {
        watches.withLock { $0 }.compactMap { key, watch in
            let (serial, waiting, lag) = watch.standing
            guard waiting > 0 else { return nil }
            return Laggard(zone: key.zone, server: key.server, serial: serial, waiting: waiting, lag: lag)
        }
    }

    /// SOA queries sent so far, for each server.
    package var queries: [DNSEndpoint: Int] {
        watches.withLock { $0 }.reduce(into: [:]) { $0[$1.key.server, default: 0] += $1.value.queries }
    }

    /// The serial of a primary, as of now.
    func serial(
        of zone: DomainName, at server: DNSEndpoint, key: TSIGKey?, _ check: PropagationCheck
    ) async -> SerialNumber? {
        let question = primaries.withLock { primaries in
            let place = Key(zone: zone, server: server, signer: key?.name)
            if let question = primaries[place] { return question }
            let question = SharedQuestion { [check = check.unwatched] in
                await check.serial(of: zone, at: server, key: key)
            }
            primaries[place] = question
            return question
        }
        return await question.ask()
    }

    func limit(at server: DNSEndpoint) -> InFlightLimit {
        limits.withLock { limits in
            if let limit = limits[server] { return limit }
            let limit = InFlightLimit(questionsAtOnce, eventLoop: MultiThreadedEventLoopGroup.singleton.next())
            limits[server] = limit
            return limit
        }
    }

    /// What takes many questions to a server; nil when that has failed lately.
    func pipeline(at server: DNSEndpoint, key: TSIGKey?) -> PipelinedLookup? {
        if let until = avoided.withLock({ $0[server] }), ContinuousClock.now < until { return nil }
        return pipelines.withLock { pipelines in
            let place = Key(zone: .root, server: server, signer: key?.name)
            if let pipeline = pipelines[place] { return pipeline }
            let pipeline = PipelinedLookup(server: server, key: key, atOnce: questionsAtOnce, timeout: .seconds(3))
            pipelines[place] = pipeline
            return pipeline
        }
    }

    /// The server does not take connections, or loses them: not everybody has to find that out.
    func avoidPipeline(at server: DNSEndpoint) {
        avoided.withLock { $0[server] = ContinuousClock.now + Self.avoidance }
    }

    /// Closes the connections; who asks afterwards does it with datagrams.
    package func close() async {
        for pipeline in pipelines.withLock({ Array($0.values) }) { await pipeline.close() }
    }

    func serials(of zone: DomainName, at server: DNSEndpoint, _ check: PropagationCheck) -> SerialWatch {
        watches.withLock { watches in
            let key = Key(zone: zone, server: server)
            if let watch = watches[key] { return watch }
            let watch = SerialWatch(check.unwatched, zone: zone, server: server)
            watches[key] = watch
            return watch
        }
    }
}
