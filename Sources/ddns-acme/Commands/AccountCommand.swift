import ACME
import ArgumentParser
import CommandLineProgram
import DNSUpdate
import Issuance

/// `ddns-acme account show|create|roll-key|deactivate`
struct AccountCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "account", abstract: "The account at the CA.",
        subcommands: [Show.self, Create.self, RollKey.self, Deactivate.self])

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the account as the CA has it now, and the CAA records that bind the zones to it.")
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let result = try await OperatorContext.with(common) { context in
                let account = try await context.accounts.show()
                var result = AccountResult(account, context, terms: try await context.terms())
                result.caa = await CAACheck().reports(
                    on: context.zones.all, identities: try await context.client.directory().meta.caaIdentities,
                    account: account.url, method: context.challengeType
                ).map(AccountResult.CAA.init)
                return result
            }
            try result.print(asJSON: common.json)
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make the account, or bring its contacts and its agreement to the terms up to date.")
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let result = try await OperatorContext.with(common) { context in
                AccountResult(try await context.accounts.register().account, context, terms: try await context.terms())
            }
            try result.print(asJSON: common.json)
        }
    }

    struct RollKey: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "roll-key", abstract: "Give the account a new key; orders under way go on.")
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let result = try await OperatorContext.with(common) { context in
                _ = try await context.accounts.rollKey()
                return AccountResult(try await context.accounts.show(), context, terms: try await context.terms())
            }
            try result.print(asJSON: common.json)
        }
    }

    struct Deactivate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End the account for good; it can never be used again.")
        @OptionGroup var common: CommonOptions
        @Flag(help: "Yes, for good.") var yes = false

        func validate() throws {
            guard yes else { throw ValidationError("this cannot be undone: add --yes") }
        }

        func run() async throws {
            let result = try await OperatorContext.with(common) { context in
                AccountResult(try await context.accounts.deactivate(), context, terms: nil)
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

/// What is known of the account.
struct AccountResult: Encodable, Sendable {
    let url: String
    let status: String
    let contacts: [String]
    let directory: String
    let keyFile: String
    let termsOfService: String?
    /// Of each zone; nil when it was not looked at.
    var caa: [CAA]?

    /// What CAA says about a zone.
    struct CAA: Encodable, Sendable {
        let zone: String
        /// What would let this account issue and nobody else.
        let records: [String]
        let finding: String
        let isBound: Bool

        init(_ report: CAAReport) {
            zone = report.zone.description
            records = report.records
            finding = report.finding
            isBound = report.isBound
        }
    }

    init(_ account: Account, _ context: OperatorContext, terms: String?) {
        url = account.url.text
        status = account.status.rawValue
        contacts = account.contact
        directory = context.client.directoryURL.text
        keyFile = context.accounts.keyLocation
        termsOfService = terms
    }

    func print(asJSON: Bool) throws {
        if asJSON { return try ResultPrinter.json(self) }
        Swift.print(
            """
            \(url): \(OutsideText.shown(status))
              contacts   \(contacts.isEmpty ? "none kept by the CA" : OutsideText.shown(contacts.joined(separator: ", ")))
              directory  \(directory)
              key        \(keyFile)
            """)
        if let termsOfService { Swift.print("  terms      \(OutsideText.shown(termsOfService))") }
        for zone in caa ?? [] {
            Swift.print("  CAA        \(zone.zone): \(OutsideText.shown(zone.finding))")
            guard !zone.isBound else { continue }
            for record in zone.records { Swift.print("    to bind it  \(OutsideText.shown(record))") }
        }
    }
}
