import Testing

@testable import Issuance

@Suite("Registered domains (Public Suffix List)")
struct RegisteredDomainsTests {
    private static let list = """
        // comment
        com
        uk
        co.uk
        *.ck
        !www.ck
        jp
        *.kawasaki.jp
        !city.kawasaki.jp   trailing words are no part of the rule
        cn
        公司.cn
        dyndns.example.com
        """

    @Test(
        "The rules of the list's own format: longest rule, wildcards, exceptions, none",
        arguments: [
            ("dev1.devices.example.com", "example.com"), ("example.com", "example.com"), ("com", "com"),
            ("*.dev1.example.com", "example.com"), ("A.B.Example.COM", "example.com"),
            ("a.example.co.uk", "example.co.uk"), ("co.uk", "co.uk"), ("a.b.example.uk", "example.uk"),
            ("a.b.c.ck", "b.c.ck"), ("b.c.ck", "b.c.ck"), ("c.ck", "c.ck"), ("www.ck", "www.ck"),
            ("a.www.ck", "www.ck"), ("a.b.c.kawasaki.jp", "b.c.kawasaki.jp"),
            ("x.city.kawasaki.jp", "city.kawasaki.jp"),
            ("a.b.xn--55qx5d.cn", "b.xn--55qx5d.cn"), ("h.tenant.dyndns.example.com", "tenant.dyndns.example.com"),
            ("a.b.unlisted", "b.unlisted"), ("unlisted", "unlisted"),
        ])
    func rules(name: String, domain: String) {
        #expect(RegisteredDomains(list: Self.list).of(name) == domain)
    }

    @Test("Without a list two labels are taken, which never lets too much through")
    func fallback() {
        let domains = RegisteredDomains()
        #expect(!domains.hasList)
        #expect(domains.of("dev1.devices.example.co.uk") == "co.uk")
        #expect(domains.of(["dev1.devices.example.com", "*.dev1.devices.example.com"]) == ["example.com"])
    }

    @Test("What the operator names goes before the list, the longest first")
    func given() {
        let domains = RegisteredDomains(list: Self.list, given: ["Devices.Example.com", "example.com"])
        #expect(domains.of("dev1.devices.example.com") == "devices.example.com")
        #expect(domains.of("dev1.example.com") == "example.com")
        #expect(domains.of("notdevices.example.com") == "example.com")
    }

    @Test("Debian's list is found and read")
    func system() {
        let domains = RegisteredDomains.system()
        #expect(domains.hasList)
        #expect(domains.of("dev1.devices.example.co.uk") == "example.co.uk")
        #expect(domains.of("a.b.example.com") == "example.com")
        #expect(!RegisteredDomains.system(path: "/nonexistent").hasList)
    }

    @Test(
        "RFC 3492 §7.1: international labels become what DNS has",
        arguments: [
            ("公司", "55qx5d"), ("网络", "io0a7i"), ("bücher", "bcher-kva"), ("рф", "p1ai"),
            ("ليهمابتكلموشعربي؟", "egbpdaj6bu4bxfgehfvwxn"), ("他们为什么不说中文", "ihqwcrb4cv8a8dqg056pqjye"),
            ("3年b組金八先生", "3b-ww4c5e180e575a65lsy2b"),
        ])
    func punycode(label: String, expected: String) {
        #expect(Punycode.encode(label) == expected)
    }
}
