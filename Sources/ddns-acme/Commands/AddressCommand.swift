import ArgumentParser
import CommandLineProgram
import DNSUpdate
import FleetAPI
import FleetStore
import Issuance

/// `ddns-acme address set|clear|show <device>`
struct AddressCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "address", abstract: "Set, clear or show a device's A and AAAA records.",
        subcommands: [Set.self, Clear.self, Show.self])

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make these the device's addresses.")

        @OptionGroup var common: CommonOptions
        @OptionGroup var server: ServerOptions
        @Argument(help: "A label in the first zone (dev1) or a full name in any configured zone.") var device: String
        @Argument(help: "IPv4 and IPv6 addresses.") var addresses: [String]
        @Flag(help: "Take over a name that holds records, or has others point to it, which ddns-acme did not publish.")
        var adopt = false

        func run() async throws {
            if let url = server.url {
                guard !adopt else { throw CommandFailure(.usage, "--adopt is not for --server") }
                return try await AddressCommand.ask(server, url, device, common) {
                    try await $0.setAddresses(of: device, to: addresses)
                }
            }
            let result = try await OperatorContext.with(common) { context in
                let name = try context.device(device)
                let wanted = try context.zone(of: name).addresses.check(addresses)
                let publisher = AddressPublisher(zones: context.zones, store: context.store)
                try await publisher.ownership.requireFree(name, adopting: adopt)
                let (device, isNew) = try await context.store.ensureDevice(
                    NewDevice(name: name.description, zone: name.zone.description))
                if isNew { try await AddressCommand.audit("device.add", name, context) }
                if let objection = device.objection { throw objection }
                try await publisher.publish(wanted, of: device, name: name, adopting: adopt)
                try await AddressCommand.audit(
                    "address", name, context, wanted.map(\.description).joined(separator: " "))
                return try await AddressResult(name, context)
            }
            try result.print(asJSON: common.json)
        }
    }

    struct Clear: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take the device's addresses out of DNS.")

        @OptionGroup var common: CommonOptions
        @OptionGroup var server: ServerOptions
        @Argument(help: "A label in the first zone (dev1) or a full name in any configured zone.") var device: String

        func run() async throws {
            if let url = server.url {
                return try await AddressCommand.ask(server, url, device, common, clearing: true) {
                    try await $0.setAddresses(of: device, to: [])
                }
            }
            let result = try await OperatorContext.with(common) { context in
                let name = try context.device(device)
                let device = try await AddressCommand.known(name, context)
                try await AddressPublisher(zones: context.zones, store: context.store).publish(
                    [], of: device, name: name)
                try await AddressCommand.audit("address", name, context)
                return try await AddressResult(name, context)
            }
            try result.print(asJSON: common.json)
            result.warnOfLeftovers()
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what the device should have and what the zone holds.")

        @OptionGroup var common: CommonOptions
        @OptionGroup var server: ServerOptions
        @Argument(help: "A label in the first zone (dev1) or a full name in any configured zone.") var device: String

        func run() async throws {
            if let url = server.url {
                return try await AddressCommand.ask(server, url, device, common) { try await $0.addresses(of: device) }
            }
            let result = try await OperatorContext.with(common) { context in
                let name = try context.device(device)
                _ = try await AddressCommand.known(name, context)
                return try await AddressResult(name, context)
            }
            try result.print(asJSON: common.json)
        }
    }

    /// Has a control server do it.
    private static func ask(
        _ server: ServerOptions, _ url: String, _ device: String, _ common: CommonOptions, clearing: Bool = false,
        _ body: (RemoteFleet) async throws -> DeviceAddresses
    ) async throws {
        let result = try await server.withClient(url, role: "issue --name \(device)") { client, token in
            let fleet = RemoteFleet(client: client, token: token)
            return AddressResult(try await body(fleet), device: try await fleet.device(device).name)
        }
        try result.print(asJSON: common.json)
        if clearing { result.warnOfLeftovers() }
    }

    /// Notes who did it, as the control server does for its callers.
    private static func audit(
        _ action: String, _ name: DeviceName, _ context: OperatorContext, _ detail: String = ""
    ) async throws {
        let requester = OperatorContext.requester
        try await context.store.appendAudit(
            NewAuditEntry(
                actor: requester.actor, action: action, subject: name.description, origin: requester.origin,
                detail: detail))
    }

    static func known(_ name: DeviceName, _ context: OperatorContext) async throws -> Device {
        guard let device = try await context.store.device(named: name.description) else {
            throw IssuanceError(
                .unknownDevice, "there is no device \(name)",
                hints: ["ddns-acme address set \(name) ADDRESS makes one, and so does ddns-acme issue \(name)"])
        }
        return device
    }
}

/// What the device should have and what the zone holds.
struct AddressResult: Encodable, Sendable {
    let device: String
    /// What was asked for.
    let wanted: [String]
    /// What the primary holds now.
    let published: [String]

    init(_ name: DeviceName, _ context: OperatorContext) async throws {
        device = name.description
        wanted = try await context.store.device(named: name.description)?.addressesDue ?? []
        published = try await AddressPublisher(zones: context.zones, store: context.store)
            .addresses(of: name).map(\.description).sorted()
    }

    /// As a control server tells it.
    init(_ addresses: DeviceAddresses, device: String) {
        self.device = device
        wanted = addresses.wanted
        published = addresses.published
    }

    /// Says on standard error what is still in the zone although the device has no address: it is not ours.
    func warnOfLeftovers() {
        guard wanted.isEmpty, !published.isEmpty else { return }
        Terminal.standard.warning(
            "\(device) still leads to \(published.joined(separator: ", ")) in the zone: those addresses are not ours, "
                + "and were left alone")
    }

    func print(asJSON: Bool) throws {
        if asJSON { return try ResultPrinter.json(self) }
        Swift.print(
            OutsideText.inOneLine(
                "\(device): \(published.isEmpty ? "no addresses" : published.joined(separator: ", "))"))
        let lacking = wanted.filter { !published.contains($0) }
        if !lacking.isEmpty {
            Swift.print(OutsideText.inOneLine("  missing in the zone: \(lacking.joined(separator: ", "))"))
        }
    }
}
