import ACME
import ArgumentParser
import CertificateFiles
import CommandLineProgram
import DNSUpdate
import DeviceCertificates
import FleetConfiguration
import FoundationEssentials
import Issuance
import PKCS12

/// `ddns-acme issue <device>`
struct IssueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "issue",
        abstract: "Obtain a device's certificate and write it to files.",
        discussion: """
            Makes sure that the device exists, publishes its addresses if given, obtains its certificate, and writes \
            OUT/DEVICE/{privkey.pem,cert.pem,chain.pem,fullchain.pem}. A certificate that is not due is left alone.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var server: ServerOptions

    @Argument(help: "A label in the first zone (dev1) or a full name in any configured zone.")
    var device: String

    @Option(
        help: ArgumentHelp("A certificate request; the private key stays where it is.", valueName: "file"),
        completion: .file())
    var csr: String?

    @Option(
        help: ArgumentHelp("The private key to use, instead of a fresh one.", valueName: "file"), completion: .file())
    var key: String?

    @Option(
        help: ArgumentHelp(
            "The kind of a fresh key: ec256 (the default), ec384, rsa2048, rsa3072 or rsa4096.", valueName: "kind"))
    var keyType: DeviceKey.Kind?

    @OptionGroup var bundle: PKCS12Options

    @Option(
        help: ArgumentHelp(
            "Where the device's folder is (default: certificates in the state directory).", valueName: "dir"),
        completion: .directory)
    var out: String?

    @Option(
        name: .customLong("address"),
        help: ArgumentHelp("An IPv4 or IPv6 address to publish; may be repeated.", valueName: "ip"))
    var addresses: [String] = []

    @Flag(help: "Take over a name that holds records, or has others point to it, which ddns-acme did not publish.")
    var adopt = false

    @Flag(help: "Certify *.DEVICE, too.")
    var wildcard = false

    @Option(help: ArgumentHelp("The CA's certificate profile (default: that of the configuration).", valueName: "name"))
    var profile: String?

    @Flag(help: "Obtain a new certificate although the present one is not due.")
    var force = false

    @Flag(help: "Say what would be done, and change nothing.")
    var dryRun = false

    func validate() throws {
        guard csr == nil || key == nil else { throw ValidationError("--csr and --key exclude each other") }
        guard keyType == nil || (csr == nil && key == nil) else {
            throw ValidationError("--key-type is for a fresh key: leave --csr and --key out")
        }
        guard bundle.pkcs12 == nil || csr == nil else {
            throw ValidationError("--pkcs12 holds the private key, which stays elsewhere with --csr")
        }
    }

    func run() async throws {
        let reporter = StepReporter()
        if let url = server.url { return try await askServer(url, reporter) }
        let target = try bundle.target()
        let result = try await reporter.whileShowing {
            try await OperatorContext.with(common) { try await issue($0, reporter, target) }
        }
        if common.json { try ResultPrinter.json(result) } else { print(result.text) }
    }

    private func issue(
        _ context: OperatorContext, _ reporter: StepReporter, _ target: PKCS12File?
    ) async throws -> IssueResult {
        let name = try context.device(device)
        var request = LocalIssuance.Request(device: name)
        request.requester = OperatorContext.requester
        request.addresses = try context.zone(of: name).addresses.check(addresses)
        request.adoptsName = adopt
        request.hasWildcard = wildcard
        request.profile = profile ?? context.configuration.acme.profile
        request.keySource = try keySource()
        request.isForced = force
        let files = try DeviceFolder.files(
            out: out ?? context.configuration.stateDirectory + "/certificates", called: device, name: name.description)
        let issuance = LocalIssuance(
            issuer: context.issuer, publisher: AddressPublisher(zones: context.zones, store: context.store),
            sweeper: ChallengeSweeper(zones: context.zones, store: context.store), store: context.store)
        let outcome: LocalIssuance.Outcome
        do {
            outcome =
                dryRun
                ? try await issuance.rehearse(request, files: files)
                : try await issuance.run(request, files: files) { reporter.report($0) }
        } catch let error as ACMEError {
            // Not the configuration's mistake but that of whoever typed it.
            guard error.code == .invalidProfile, profile != nil else { throw error }
            throw CommandFailure(
                .badInput, error.message, hints: ["give --profile one that the CA has, or leave it out"])
        }
        if !dryRun { try target?.update(from: files) }
        return IssueResult(outcome, device: name, files: files)
    }

    private func askServer(_ url: String, _ reporter: StepReporter) async throws {
        guard !adopt else {
            throw CommandFailure(
                .usage, "--adopt is not for --server: whose a name is, is decided beside the zone's key")
        }
        let target = try bundle.target()
        let wish = RemoteIssuance.Wish(
            device: device, addresses: addresses, hasWildcard: wildcard, profile: profile, keySource: try keySource(),
            isForced: force, out: out ?? ".", bundle: target)
        let result = try await reporter.whileShowing {
            try await server.withClient(url, role: "issue --name \(device)") { client, token in
                try await RemoteIssuance(client: client, token: token).run(wish, dryRun: dryRun) { reporter.report($0) }
            }
        }
        if common.json { try ResultPrinter.json(result) } else { print(result.text) }
    }

    private func keySource() throws -> LocalIssuance.KeySource {
        if let csr { return .request(try InputFile.bytes(csr, what: "certificate request")) }
        if let key {
            return .given(
                try DeviceKey(pem: String(decoding: InputFile.bytes(key, what: "private key"), as: UTF8.self)))
        }
        return .fresh(keyType)
    }
}

extension DeviceKey.Kind: ExpressibleByArgument {}
