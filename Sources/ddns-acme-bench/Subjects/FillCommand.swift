import ArgumentParser

/// `ddns-acme-bench fill`: a state directory full of devices, to look at a server by hand.
struct FillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fill", abstract: "Make a state directory with many devices, to profile a server with.")

    @Option(help: "The state directory, made by this.") var state: String
    @Option(help: "The zone of the devices.") var zone: String
    @Option(help: "How many.") var count: Int

    func run() async throws {
        try await FleetFile.fill(state, zone: zone, count: count)
    }
}
