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
    /// Asks for pauses, as public CAs do.
    let pacedCA: Authority
    /// Asks for none: what is left is the clients' own time.
    let promptCA: Authority
    let program: String
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
        program = command.program
        key = try TSIGKeyFile.load("\(folder)/tsig.key").key()
    }

    /// This program, to be started again as a server or as a source of load.
    static var ownPath: String { (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "" }

    func makeClient() -> UpdateClient { UpdateClient(zone: zone, primaries: [primary], key: key) }

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
        for round in 1...rounds {
            for subject in subjects {
                progress.show(
                    "\(subject.name)\(scale.map { ", \(Figure.text(Double($0)))" } ?? ""), round \(round) of \(rounds)")
                for figure in try await subject.turn() {
                    record(measure, subject.name, figure.metric, scale: scale, figure.value)
                }
            }
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
