import DNSUpdate
import Issuance
import Testing

@Suite("Patterns for the names of tokens")
struct NamePatternTests {
    private let zones: [DomainName]

    init() throws {
        zones = [try DomainName("devices.example.com"), try DomainName("example.org")]
    }

    @Test(
        "a pattern matches these names",
        arguments: [
            ("*", "dev1"), ("*", "dev1.example.org"), ("dev1", "dev1"), ("DEV1", "dev1"), ("dev*", "dev1"),
            ("*1", "dev1"), ("d*v*", "dev1"), ("shop-*-till", "shop-a-b-till"), ("*.example.org", "a.example.org"),
            ("dev1.devices.example.com", "dev1"), ("**", "dev1"),
        ])
    func matching(pattern: String, name: String) throws {
        #expect(
            try NamePattern(pattern).matches(DeviceName(name, zones: zones), defaultZone: zones[0]))
    }

    @Test(
        "and not these",
        arguments: [
            ("dev1", "dev10"), ("dev1", "adev1"), ("dev1", "dev1.example.org"), ("dev*", "adev"), ("*1", "dev12"),
            ("dev", "dev1"), ("*.example.org", "dev1"), ("shop-*-till", "shop-till"),
            ("a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        ])
    func notMatching(pattern: String, name: String) throws {
        #expect(
            try !NamePattern(pattern).matches(DeviceName(name, zones: zones), defaultZone: zones[0]))
    }

    @Test("what can be in no name is no pattern", arguments: ["", "dev 1", "dev_1", "dév", "a/b", "dev?", "a\u{0}b"])
    func unusable(text: String) {
        #expect { try NamePattern(text) } throws: { ($0 as? IssuanceError)?.code == .invalidName }
    }

    @Test("an opaque label is a host name of 12 characters that begins with a letter, and no two are alike")
    func opaqueLabels() {
        var random = SystemRandomNumberGenerator()
        let labels = (0..<2_000).map { _ in EnrollmentDesk.opaqueLabel(using: &random) }
        #expect(Set(labels).count == labels.count)
        #expect(labels.allSatisfy { $0.count == 12 && $0.first?.isLetter == true })
        #expect(labels.allSatisfy { (try? DeviceName($0, zones: zones)) != nil })
    }

    @Test(
        "whether a pattern could match a name in one of the zones at all",
        arguments: [
            ("shop-*", true), ("*.example.org", true), ("*.org", true), ("a.*", true), ("*.example.net", false),
            ("a.*.net", false),
        ])
    func possible(pattern: String, canMatch: Bool) throws {
        #expect(try NamePattern(pattern).canMatch(in: zones) == canMatch)
    }
}
