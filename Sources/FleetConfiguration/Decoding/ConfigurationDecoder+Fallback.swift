extension ConfigurationDecoder {
    /// A day: certificates are renewed with weeks to go, and outages of CAs take hours.
    private static let defaultPatience = 86_400
    private static let longestPatience = 30 * 86_400

    /// The CAs to ask while the first one does not work. What is wrong with one is among the findings.
    func fallbacks(_ acme: Section) -> [ACMEConfiguration.Fallback] {
        let keys = Self.acmeKeys.filter { $0 != "fallback" } + ["after"]
        var fallbacks: [ACMEConfiguration.Fallback] = []
        for (index, node) in (acme.nodes("fallback") ?? []).enumerated() {
            let path = "\(acme.pathTo("fallback"))[\(index)]"
            guard let section = Section(node, path: path, accepts: keys, findings: findings) else { continue }
            let after = section.value("after") { text throws(ConfigurationComplaint) in
                guard let seconds = ValueReader.seconds(text), (1...Self.longestPatience).contains(seconds) else {
                    throw ConfigurationComplaint(
                        "\(quoted(text)) is not a time", hint: "write how long to wait for the first CA, such as 24h")
                }
                return seconds
            }
            guard let authority = self.acme(section) else { continue }
            fallbacks.append(.init(authority: authority, after: after ?? Self.defaultPatience))
        }
        return fallbacks
    }
}
