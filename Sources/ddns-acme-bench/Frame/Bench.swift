import DNSUpdate
import FoundationEssentials
import NIOCore

/// What the measures work with: the servers, the programs, and where their figures go.
final class Bench {
    /// What one turn of a subject yields, by what it is, such as `devices/s`.
    typealias Figures = [(metric: String, value: Double)]

    struct Subject {
        let name: String
        let turn: () async throws -> Figures
    }

    let size: BenchSize
    let folder: String
    let zone: DomainName
    let primary: DNSEndpoint
    let statisticsPort: UInt16
    /// The primary's process.
    let nameServer: ProcessFigures
    /// Another primary, with a zone for each fleet.
    let fleetPrimary: DNSEndpoint
    /// Asks for pauses, as public CAs do.
    let pacedCA: Authority
    /// Asks for none: what is left is the clients' own time.
    let promptCA: Authority
    /// The program of the CAs, to be started anew, and where that one listens.
    let authorityProgram: String
    let freshCA: Authority
    let program: String
    private let isStrict: Bool
    let progress = Progress()
    let key: TSIGKey
    private let machine = Machine.here()
    private var series: [Series] = []
    private var notes: [Report.Note] = []
    private var failures: [Report.Note] = []
    /// Whether a measure that could have been made was not.
    private(set) var hasFailed = false

    init(_ command: RunCommand) throws {
        size = command.size
        folder = command.folder
        zone = try DomainName(command.zone)
        primary = try DNSEndpoint("127.0.0.1:\(command.dnsPort)")
        statisticsPort = command.statisticsPort
        pacedCA = Authority(name: "a CA that asks for pauses of 1 s", port: command.acmePort, folder: folder)
        promptCA = Authority(
            name: "a CA that asks for none", port: command.promptAcmePort, folder: "\(folder)/prompt-ca")
        freshCA = Authority(
            name: "a CA that asks for pauses of 1 s", port: command.freshAcmePort, folder: "\(folder)/fresh-ca")
        authorityProgram = command.authorityProgram
        nameServer = ProcessFigures(processID: command.dnsProcess)
        fleetPrimary = try DNSEndpoint("127.0.0.1:\(command.fleetDnsPort)")
        isStrict = command.strict
        program = command.program
        key = try TSIGKeyFile.load("\(folder)/tsig.key").key()
    }

    /// This program, to be started again as a server or as a source of load.
    static var ownPath: String { (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "" }

    /// An engine on a connection that is there already.
    func withEngine(
        zone: DomainName? = nil, primary: DNSEndpoint? = nil, _ body: (UpdateEngine) async throws -> Void
    ) async throws {
        let client = UpdateClient(zone: zone ?? self.zone, primaries: [primary ?? self.primary], key: key)
        do {
            try await client.probe()
            try await body(UpdateEngine(client: client))
        } catch {
            await client.close()
            throw error
        }
        await client.close()
    }

    func name(_ label: String) throws -> DomainName { try DomainName("\(label).\(zone)") }

    /// The key's secret, for peers that want it on their command line.
    func secretText() throws -> String {
        let text = try String(contentsOf: URL(filePath: "\(folder)/tsig.key"), encoding: .utf8)
        let parts = text.split(separator: "\"", omittingEmptySubsequences: false)
        guard let index = parts.firstIndex(where: { $0.hasSuffix("secret ") }), index + 1 < parts.count else {
            throw BenchFailure("the key file has no secret")
        }
        return String(parts[index + 1])
    }

    // MARK: - Figures

    /// Gives each subject its turn, A B A B, so that whatever else goes on meets all of them alike.
    func inTurns(_ measure: Measure, scale: Int?, rounds: Int? = nil, _ subjects: [Subject]) async throws {
        let rounds = rounds ?? size.rounds
        var failed: Set<String> = []
        for round in 1...rounds {
            for subject in subjects where !failed.contains(subject.name) {
                progress.show(
                    "\(subject.name)\(scale.map { ", \(Figure.text(Double($0)))" } ?? ""), round \(round) of \(rounds)")
                do {
                    for figure in try await turn(subject) {
                        record(measure, subject.name, figure.metric, scale: scale, figure.value)
                    }
                } catch let failure as PeerFailure {
                    failed.insert(subject.name)
                    note(failure, in: measure)
                }
            }
        }
    }

    /// A peer that fails has a second turn.
    private func turn(_ subject: Subject) async throws -> Figures {
        do {
            return try await subject.turn()
        } catch let failure as PeerFailure {
            progress.say("\(failure); once more")
            return try await subject.turn()
        }
    }

    func record(_ measure: Measure, _ subject: String, _ metric: String, scale: Int? = nil, _ value: Double) {
        let index = series.firstIndex {
            $0.measure == measure && $0.subject == subject && $0.metric == metric && $0.scale == scale
        }
        if let index {
            series[index].values.append(value)
        } else {
            series.append(Series(measure: measure, subject: subject, metric: metric, scale: scale, values: [value]))
        }
    }

    /// What the reader must know beside the figures.
    func note(_ measure: Measure, _ text: String) {
        let note = Report.Note(measure: measure, text: text)
        if !notes.contains(note) { notes.append(note) }
    }

    /// Notes that a measure is missing because this machine cannot make it.
    func leaveOut(_ measure: Measure, _ reason: UnusableTool) {
        failures.append(Report.Note(measure: measure, text: reason.description))
        progress.say("\(measure.rawValue) left out: \(reason)")
    }

    /// Notes that a peer did not work: no failure of ours, unless that was asked for.
    func note(_ failure: PeerFailure, in measure: Measure) {
        if isStrict { hasFailed = true }
        failures.append(Report.Note(measure: measure, text: failure.description))
        progress.say("\(failure)")
    }

    func fail(_ measure: Measure, _ error: any Error) {
        hasFailed = true
        failures.append(Report.Note(measure: measure, text: "\(error)"))
        progress.say("\(measure.rawValue) failed: \(error)")
    }

    func report(command: String) -> Report {
        Report(
            command: command, date: Date(), machine: machine, loadAtEnd: Machine.load(), series: series, notes: notes,
            failures: failures)
    }
}
