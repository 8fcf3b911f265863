import ACME
import ArgumentParser
import CommandLineProgram
import DNSUpdate
import FleetAPI
import Issuance

/// `ddns-acme account show|create|roll-key|deactivate`
struct AccountCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "account", abstract: "The account at the CA.",
        discussion: """
            create, roll-key and deactivate work on the machine of the control server alone: they need the account's key, \
            which never leaves its state directory.
            """,
        subcommands: [Show.self, Create.self, RollKey.self, Deactivate.self])

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the account as the CA has it now, and the CAA records that bind the zones to it.",
            discussion: "With --server it is the control server's account, asked for by the server.")
        @OptionGroup var common: CommonOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await server.withFleet(common) { try await $0.account() }.print(asJSON: common.json)
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make the account, or bring its contacts and its agreement to the terms up to date.")
        @OptionGroup var common: CommonOptions
        @OptionGroup var place: LocalOnlyOptions

        func run() async throws {
            let result = try await OperatorContext.with(common) { context in
                AccountDocument(
                    try await context.accounts.register().account, context, terms: try await context.terms())
            }
            try result.print(asJSON: common.json)
        }
    }

    struct RollKey: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "roll-key", abstract: "Give the account a new key; orders under way go on.")
        @OptionGroup var common: CommonOptions
        @OptionGroup var place: LocalOnlyOptions

        func run() async throws {
            let result = try await OperatorContext.with(common) { context in
                _ = try await context.accounts.rollKey()
                return AccountDocument(try await context.accounts.show(), context, terms: try await context.terms())
            }
            try result.print(asJSON: common.json)
        }
    }

    struct Deactivate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End the account for good; it can never be used again.")
        @OptionGroup var common: CommonOptions
        @OptionGroup var place: LocalOnlyOptions
        @Flag(help: "Yes, for good.") var yes = false

        func validate() throws {
            guard yes else { throw ValidationError("this cannot be undone: add --yes") }
        }

        func run() async throws {
            let result = try await OperatorContext.with(common) { context in
                AccountDocument(try await context.accounts.deactivate(), context, terms: nil)
            }
            try result.print(asJSON: common.json)
        }
    }
}

extension OperatorContext {
    fileprivate func terms() async throws -> String? {
        try await client.directory().meta.termsOfService
    }
}

extension AccountDocument {
    init(_ account: Account, _ context: OperatorContext, terms: String?) {
        self.init(
            url: account.url.text, status: account.status.rawValue, contacts: account.contact,
            directory: context.client.directoryURL.text, keyFile: context.accounts.keyLocation, termsOfService: terms)
    }

    func print(asJSON: Bool) throws {
        if asJSON { return try ResultPrinter.json(self) }
        Swift.print(
            """
            \(OutsideText.shown(url)): \(OutsideText.shown(status))
              contacts   \(contacts.isEmpty ? "none kept by the CA" : OutsideText.shown(contacts.joined(separator: ", ")))
              directory  \(OutsideText.shown(directory))
              key        \(OutsideText.shown(keyFile))
            """)
        if let termsOfService { Swift.print("  terms      \(OutsideText.shown(termsOfService))") }
        for zone in caa ?? [] {
            Swift.print("  CAA        \(OutsideText.shown("\(zone.zone): \(zone.finding)"))")
            guard !zone.isBound else { continue }
            for record in zone.records { Swift.print("    to bind it  \(OutsideText.shown(record))") }
        }
    }
}
