import ArgumentParser
import CommandLineProgram
import DeviceAgent

struct DoctorCommand: SignalHandlingCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Find out what is wrong, and say what to do about it.",
        discussion: """
            Checks the directory, the addresses, the way to the server and its trust, the clock, the credential (by a \
            check-in), whether this device's resolvers return its private address, and the certificate. Exits 0 when \
            every step passes, else with the status of the first that failed.
            """)

    @OptionGroup var settings: SettingOptions

    @Flag(help: "Print one JSON object a step.")
    var json = false

    func run() async throws {
        let configuration = try settings.configuration()
        let json = json
        let findings = try await AgentSession.with(configuration) { agent in
            await Doctor(agent: agent).examine { finding in
                if !json { Self.show(finding) }
            }
        }
        if json {
            for finding in findings {
                try ResultPrinter.json(
                    Step(
                        step: finding.step, outcome: finding.outcome.rawValue, detail: finding.detail,
                        hints: finding.hints))
            }
        }
        guard let error = findings.compactMap(\.error).first else { return }
        throw ExitCode(ExitStatus(error).rawValue)
    }

    private static func show(_ finding: Finding) {
        print("\(finding.outcome.rawValue): \(finding.step): \(finding.detail)")
        for hint in finding.hints { print("    - \(hint)") }
    }

    private struct Step: Encodable {
        let step: String
        let outcome: String
        let detail: String
        let hints: [String]
    }
}
