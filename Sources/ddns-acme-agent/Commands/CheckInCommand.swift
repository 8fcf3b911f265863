import ArgumentParser
import CommandLineProgram
import DeviceAgent
import FleetAPI

struct CheckInCommand: SignalHandlingCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-in",
        abstract: "Report the addresses and do what the server says, once.",
        discussion: "Safe beside a running service, and from cron in place of one.")

    @OptionGroup var settings: SettingOptions

    @Flag(help: "Replace the credential, too; each renewal of the certificate does so by itself.")
    var newCredential = false

    @Flag(help: "Print the result as a JSON object.")
    var json = false

    func run() async throws {
        let configuration = try settings.configuration()
        let outcome = try await AgentSession.with(configuration) { [newCredential] agent in
            try await agent.checkIn(rotating: newCredential)
        }
        let result = Result(outcome)
        if json { try ResultPrinter.json(result) } else { print(result.text) }
        if case .failed(let error) = outcome.certificate { throw error }
        if let error = outcome.unsaved { throw error }
    }

    private struct Result: Encodable {
        let name: String
        let addresses: [String]
        let certificate: String
        let notAfter: Timestamp?
        let renewAt: Timestamp?
        let checkInAfter: Int64

        init(_ outcome: CheckInOutcome) {
            name = outcome.name
            addresses = outcome.published
            renewAt = outcome.renewAt
            checkInAfter = outcome.checkInAfter.components.seconds
            switch outcome.certificate {
            case .current: (certificate, notAfter) = ("current", outcome.notAfter)
            case .installed(_, let end): (certificate, notAfter) = ("installed", end)
            case .pending: (certificate, notAfter) = ("pending", outcome.notAfter)
            case .paused: (certificate, notAfter) = ("paused", outcome.notAfter)
            case .failed: (certificate, notAfter) = ("failed", outcome.notAfter)
            }
        }

        var text: String {
            let list = addresses.isEmpty ? "no address" : addresses.joined(separator: ", ")
            return "\(name): \(list) in DNS, certificate \(certificate)"
                + (notAfter.map { ", valid until \($0)" } ?? "") + ", next check-in in \(checkInAfter) s"
        }
    }
}
