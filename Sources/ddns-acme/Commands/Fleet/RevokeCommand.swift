import ACME
import ArgumentParser
import FleetAPI

/// `ddns-acme revoke <device>`
struct RevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Revoke a device's current certificate.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var server: ServerOptions
    @Argument(help: "A label in the first zone (dev1) or a full name in any configured zone.") var device: String
    @Option(
        help: ArgumentHelp(
            "unspecified, keyCompromise, affiliationChanged, superseded, cessationOfOperation or privilegeWithdrawn.",
            valueName: "reason"))
    var reason = "unspecified"

    private var code: Int? {
        RevocationReason.allCases.first { "\($0)".lowercased() == reason.lowercased() || "\($0.rawValue)" == reason }?
            .rawValue
    }

    func validate() throws {
        guard code != nil else {
            throw ValidationError(
                "--reason takes one of " + RevocationReason.allCases.map { "\($0)" }.joined(separator: ", "))
        }
    }

    func run() async throws {
        let (name, code) = (device, code)
        let result = try await server.withFleet(common) { try await $0.revoke(name, RevokeRequest(reason: code)) }
        if common.json { try ResultPrinter.json(result) } else { print("\(result.name): certificate revoked") }
    }
}
