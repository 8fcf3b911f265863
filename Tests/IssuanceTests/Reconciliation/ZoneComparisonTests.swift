import DNSUpdate
import TestSupport
import Testing

@testable import FleetStore
@testable import Issuance

@Suite("What is kept of a zone that is compared with the store")
struct ZoneComparisonTests {
    private let name: DomainName

    init() throws { name = try DomainName("dev1.devices.example.com") }

    private func data(_ text: String) throws -> RecordData { try #require(IPAddress(text)).recordData }

    @Test("a name is even with exactly what is due there, in whatever order and case it comes")
    func even() throws {
        var balances = AddressBalances()
        balances.expect(["10.0.0.1", "fd00::1"], at: name)
        balances.expect([], at: try DomainName("dev2.devices.example.com"))
        #expect(!balances.areEven && !balances.isEven(at: name))
        let (upper, third) = (try DomainName("DEV1.devices.example.com"), try DomainName("dev3.devices.example.com"))
        let isKnown = balances.take(try data("fd00::1"), at: upper)
        #expect(isKnown)
        #expect(!balances.isEven(at: name))
        _ = balances.take(try data("10.0.0.1"), at: name)
        #expect(balances.areEven && balances.isEven(at: name))
        _ = balances.take(.txt(TextData("beside it")), at: name)
        #expect(balances.areEven)
        let isThirdKnown = balances.take(try data("10.0.0.1"), at: third)
        #expect(!isThirdKnown && balances.areEven)
    }

    @Test(
        "one address too many, one that is another, one that is another device's, an alias: out of balance",
        arguments: [["10.0.0.1", "10.0.0.2"], ["10.0.0.2"], ["10.0.0.1", "10.0.0.1"], ["alias"], []])
    func odd(held: [String]) throws {
        var balances = AddressBalances()
        let other = try DomainName("dev2.devices.example.com")
        balances.expect(["10.0.0.1"], at: name)
        balances.expect(["10.0.0.2"], at: other)
        _ = balances.take(try data("10.0.0.2"), at: other)
        for text in held { _ = balances.take(text == "alias" ? .cname(other) : try data(text), at: name) }
        #expect(!balances.areEven && !balances.isEven(at: name) && balances.isEven(at: other))
    }

    @Test("of names without number the first ones are kept, and the others counted once each")
    func sample() throws {
        var sample = NameSample<[String]>(limit: 2)
        for index in 1...5 {
            for value in ["a", "b"] { sample.note(try DomainName("n\(index).example"), []) { $0.append(value) } }
        }
        #expect(sample.count == 5 && sample.others == 3)
        #expect(sample.details[try DomainName("n2.example")] == ["a", "b"])
    }
}
