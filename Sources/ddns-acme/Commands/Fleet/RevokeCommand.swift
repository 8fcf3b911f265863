import ACME
import ArgumentParser
import CommandLineProgram
import ControlServer
import FleetAPI
import FleetStore
import Issuance

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
    @Option(
        help: ArgumentHelp(
            "The certificate's private key: it may revoke without the account, such as when that is lost.",
            valueName: "file"),
        completion: .file())
    var key: String?

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
        if let key { return try await revoke(signedBy: key) }
        let result = try await server.withFleet(common) { try await $0.revoke(name, RevokeRequest(reason: code)) }
        if common.json { try ResultPrinter.json(result) } else { print("\(result.name): certificate revoked") }
    }

    private func revoke(signedBy path: String) async throws {
        guard server.url == nil else {
            throw CommandFailure(
                .usage, "--key is not for --server: the key stays where it is",
                hints: ["run the command on the control server's machine, or leave --key out"])
        }
        let key = try CertificateKey(
            pem: String(decoding: InputFile.bytes(path, what: "private key"), as: UTF8.self))
        let (text, code) = (device, code ?? 0)
        let result = try await OperatorContext.with(common) { context in
            let device = try await context.services.lifecycle.device(context.device(text))
            guard let reason = CertificateRevoker.reason(code: code),
                try await context.services.revoker.revoke(
                    device, reason: reason, signedBy: key, by: OperatorContext.requester) != nil
            else { throw CommandFailure(.badInput, "\(device.name) has no certificate") }
            return try await LocalFleet(services: context.services).device(text)
        }
        if common.json { try ResultPrinter.json(result) } else { print("\(result.name): certificate revoked") }
    }
}
