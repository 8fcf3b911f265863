import ArgumentParser
import CommandLineProgram
import FleetAPI

/// `ddns-acme device add|list|show|import|suspend|resume|remove`
struct DeviceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "device", abstract: "Add, list, show, import, suspend, resume and remove devices.",
        subcommands: [Add.self, List.self, Show.self, Import.self, Suspend.self, Resume.self, Remove.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a device.",
            discussion: "Without a name it gets an opaque label of 12 characters: names end up in public logs.")

        @OptionGroup var common: CommonOptions
        @OptionGroup var server: ServerOptions
        @Argument(help: "A label in the first zone (dev1) or a full name in any configured zone.") var device: String?
        @Option(
            name: .customLong("address"),
            help: ArgumentHelp("An IPv4 or IPv6 address to publish; may be repeated.", valueName: "ip"))
        var addresses: [String] = []
        @Option(name: .customLong("tag"), help: ArgumentHelp("A tag; may be repeated.", valueName: "tag"))
        var tags: [String] = []
        @Option(help: "A text for people.") var description: String?
        @Flag(help: "Take over a name that holds records, or has others point to it, which ddns-acme did not publish.")
        var adopt = false

        func run() async throws {
            let creation = DeviceCreation(
                name: device, description: description, tags: tags.isEmpty ? nil : tags,
                addresses: addresses.isEmpty ? nil : addresses)
            let isAdopting = adopt
            let result = try await server.withFleet(common) { try await $0.create(creation, adopting: isAdopting) }
            if common.json { try ResultPrinter.json(result) } else { print(OutsideText.inOneLine(result.name)) }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List devices in the order of their names.",
            discussion: "Without --limit all are listed; with it, the last name is what --after of the next page takes."
        )

        @OptionGroup var common: CommonOptions
        @OptionGroup var server: ServerOptions
        @OptionGroup var selection: SelectionOptions
        @Option(help: ArgumentHelp("At most so many, 1 to 1000.", valueName: "count")) var limit: Int?
        @Option(help: ArgumentHelp("Only names after this one.", valueName: "name")) var after: String?

        func validate() throws {
            if let limit, !(1...PageRequest.maximumLimit).contains(limit) {
                throw ValidationError("--limit takes a number from 1 to \(PageRequest.maximumLimit)")
            }
        }

        func run() async throws {
            let (selection, limit, first, json) = (selection.selection, limit, after, common.json)
            try await server.withFleet(common, asksDNS: false) { fleet in
                var after = first
                var isEmpty = true
                repeat {
                    let page = try await fleet.devices(
                        selection, page: PageRequest(limit: limit ?? PageRequest.maximumLimit, after: after))
                    if !page.items.isEmpty { isEmpty = false }
                    for device in page.items {
                        if json { try ResultPrinter.json(device) } else { print(DeviceText.line(device)) }
                    }
                    after = page.next
                } while after != nil && limit == nil
                if isEmpty { Terminal.standard.note("no device matches") }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show what is known of a device.")

        @OptionGroup var common: CommonOptions
        @OptionGroup var server: ServerOptions
        @Argument(help: "A label in the first zone (dev1) or a full name in any configured zone.") var device: String

        func run() async throws {
            let name = device
            let result = try await server.withFleet(common, asksDNS: false) { try await $0.device(name) }
            if common.json { try ResultPrinter.json(result) } else { print(DeviceText.page(result)) }
        }
    }
}
