import ArgumentParser
import FleetAPI

/// Which devices are meant; all that is given must match.
struct SelectionOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only devices that are active, suspended or removed.", valueName: "state"))
    var state: String?
    @Option(help: ArgumentHelp("Only devices of this zone.", valueName: "zone")) var zone: String?
    @Option(help: ArgumentHelp("Only devices with this tag.", valueName: "tag")) var tag: String?
    @Option(help: ArgumentHelp("Only names like this, with * for any characters: shop-*", valueName: "pattern"))
    var name: String?

    var selection: DeviceSelection {
        DeviceSelection(state: state.map(DeviceDocument.State.init(rawValue:)), zone: zone, tag: tag, name: name)
    }

    var isEmpty: Bool { state == nil && zone == nil && tag == nil && name == nil }
}
