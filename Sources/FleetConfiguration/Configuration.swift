package import DNSUpdate

/// The whole configuration, validated. It holds no secret: those are in the files and variables it names.
package struct Configuration: Sendable, Hashable {
    /// The file it was read from, as it was named.
    package let file: String
    /// Where the store and the account keys are; relative paths in the file were resolved against its folder.
    package let stateDirectory: String
    /// The zones that are updated; the first one is the default. Never empty.
    package let zones: [ZoneConfiguration]
    package let acme: ACMEConfiguration
    /// The control server's settings; the defaults when the section is missing.
    package let server: ServerConfiguration
    /// When and how certificates are obtained; the defaults when the section is missing.
    package let renewal: RenewalConfiguration

    /// The same with another CA.
    package func asking(_ acme: ACMEConfiguration) -> Configuration {
        Configuration(
            file: file, stateDirectory: stateDirectory, zones: zones, acme: acme, server: server, renewal: renewal)
    }

    /// The zone whose name is the longest suffix of `name` (a zone may lie in another), or nil.
    package func zone(for name: DomainName) -> ZoneConfiguration? {
        zones.filter { name.isEqualOrBelow($0.name) }.max { $0.name.labelCount < $1.name.labelCount }
    }
}
