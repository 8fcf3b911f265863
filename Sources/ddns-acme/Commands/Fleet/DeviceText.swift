import CommandLineProgram
import FleetAPI

/// Devices as text for people; what it says may come from a server that is not ours.
enum DeviceText {
    static func line(_ device: DeviceDocument) -> String {
        let addresses = device.addresses.published.joined(separator: ",")
        let certificate = device.certificate.map { "valid until \($0.notAfter)" } ?? "no certificate"
        return [device.name, device.state.rawValue, addresses.isEmpty ? "-" : addresses, certificate]
            .map(OutsideText.inOneLine).joined(separator: "\t")
    }

    static func page(_ device: DeviceDocument) -> String {
        var lines = [OutsideText.inOneLine("\(device.name): \(device.state.rawValue)")]
        func add(_ title: String, _ text: String?) {
            guard let text, !text.isEmpty else { return }
            lines.append(
                "  " + title + String(repeating: " ", count: max(1, 13 - title.count)) + OutsideText.shown(text))
        }
        add("description", device.description)
        add("tags", device.tags.joined(separator: ", "))
        add("addresses", device.addresses.published.joined(separator: ", "))
        let lacking = device.addresses.wanted.filter { !device.addresses.published.contains($0) }
        add("not in DNS", lacking.joined(separator: ", "))
        add("created", device.createdAt.description)
        add("last seen", device.lastSeen?.description ?? "never")
        if let certificate = device.certificate {
            add("names", certificate.names.joined(separator: ", "))
            add("serial", certificate.serial)
            add("valid until", certificate.notAfter.description)
            add("renewal", certificate.renewAt?.description)
            add("CA's reason", certificate.renewalExplanation)
        }
        add("problem", device.lastProblem?.detail)
        add("hint", device.lastProblem?.hint)
        return lines.joined(separator: "\n")
    }
}
