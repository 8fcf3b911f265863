import ArgumentParser
import CommandLineProgram
import FleetAPI

/// `ddns-acme token create|list|revoke`
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Create, list and revoke tokens for devices, CI jobs and operators.",
        subcommands: [Create.self, List.self, Revoke.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create a token and print it; it cannot be shown again.",
            discussion: """
                An enroll token lets a device enroll. It may be used once and for a day unless said otherwise. With \
                --name it is for one device, which it may also enroll again, or for the names of a pattern. \
                An issue token obtains certificates and sets addresses of devices whose names match; an operator's token \
                may do everything.
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var server: ServerOptions
        @Option(help: ArgumentHelp("enroll, issue or operator.", valueName: "role")) var role = "enroll"
        @Option(help: ArgumentHelp("A label, full name or pattern with * that it is limited to.", valueName: "pattern"))
        var name: String?
        @Option(help: ArgumentHelp("How often it may be used (default: once to enroll).", valueName: "count"))
        var uses: Int?
        @Option(
            help: ArgumentHelp(
                "How long it lives: 90s, 30m, 24h, 7d (default: 24h to enroll, else 365d).", valueName: "time"))
        var expires: String?

        func run() async throws {
            let creation = TokenCreation(
                role: TokenRole(rawValue: role), name: name, uses: uses, expiresIn: try expires.map(Self.seconds))
            let json = common.json
            try await server.withFleet(common, asksDNS: false) { fleet in
                let created = try await fleet.createToken(creation)
                do {
                    if json { try ResultPrinter.json(created) } else { print(created.token.reveal()) }
                    try ResultPrinter.flush()
                } catch {
                    // Nobody has seen it, so nobody could miss it.
                    try await fleet.revokeToken(created.details.id)
                    throw error
                }
            }
        }

        static func seconds(_ text: String) throws -> Int {
            let units: [Character: Int] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
            guard let unit = text.last.flatMap({ units[$0] }), let count = Int(text.dropLast()), count > 0 else {
                throw ValidationError("--expires takes a time such as 90s, 30m, 24h or 7d")
            }
            let (seconds, isTooLong) = count.multipliedReportingOverflow(by: unit)
            guard !isTooLong else { throw ValidationError("--expires takes a time such as 90s, 30m, 24h or 7d") }
            return seconds
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List tokens with what they are for.")

        @OptionGroup var common: CommonOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let json = common.json
            try await server.withFleet(common, asksDNS: false) { fleet in
                var after: String?
                repeat {
                    let page = try await fleet.tokens(page: PageRequest(limit: PageRequest.maximumLimit, after: after))
                    for token in page.items {
                        if json { try ResultPrinter.json(token) } else { print(Self.line(token)) }
                    }
                    after = page.next
                } while after != nil
            }
        }

        private static func line(_ token: TokenDetails) -> String {
            let state =
                if let revoked = token.revokedAt { "revoked \(revoked)" } else {
                    token.expiresAt.map { "until \($0)" } ?? "without end"
                }
            let uses = token.usesLeft.map { "\($0) uses left" } ?? "any number of uses"
            return [token.id, token.role.rawValue, token.name ?? "*", uses, state]
                .map(OutsideText.inOneLine).joined(separator: "\t")
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make a token worthless at once.")

        @OptionGroup var common: CommonOptions
        @OptionGroup var server: ServerOptions
        @Argument(help: "The token's number, as list shows it.") var id: String

        func run() async throws {
            let id = id
            try await server.withFleet(common, asksDNS: false) { try await $0.revokeToken(id) }
        }
    }
}
