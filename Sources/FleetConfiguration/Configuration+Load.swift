extension Configuration {
    /// Names the configuration file when no option does.
    package static let pathVariable = "DDNS_ACME_CONFIG"
    /// Where it is when nothing names it.
    package static let defaultPath = "/etc/ddns-acme/config.yaml"

    /// The file to read: the one given, else `$DDNS_ACME_CONFIG`, else `/etc/ddns-acme/config.yaml`.
    package static func path(_ explicit: String?, environment: [String: String]) -> String {
        if let explicit { return explicit }
        guard let named = environment[pathVariable], !named.isEmpty else { return defaultPath }
        return named
    }

    /// Reads and validates the configuration.
    ///
    /// - Parameters:
    ///   - path: the file; nil: see ``path(_:environment:)``.
    ///   - environment: the process's environment.
    /// - Throws: ``ConfigurationError`` with every finding.
    package static func load(
        path explicit: String? = nil, environment: [String: String]
    ) throws(ConfigurationError) -> Configuration {
        let path = path(explicit, environment: environment)
        return try parse(ConfigurationFile.text(of: path), file: path)
    }

    /// Validates the text of a configuration file.
    ///
    /// - Parameter file: the file's path: relative paths in it start from its folder, and errors name it.
    package static func parse(_ text: String, file: String) throws(ConfigurationError) -> Configuration {
        let root = try YAMLDocument.root(of: text, file: file)
        let findings = Findings(file: file)
        let configuration = ConfigurationDecoder(findings: findings, file: file).configuration(root)
        guard findings.issues.isEmpty, let configuration else {
            throw ConfigurationError(.invalid, file: file, issues: findings.issues)
        }
        return configuration
    }
}
