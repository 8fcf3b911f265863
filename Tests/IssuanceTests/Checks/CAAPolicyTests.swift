import DNSUpdate
import Testing

@testable import Issuance

@Suite("CAA: RFC 8659 §4, RFC 8657")
struct CAAPolicyTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let rule: String
        let records: [String]
        var wildcard = false
        /// Part of the objection; nil: none.
        let objection: String?
        var testDescription: String { rule }
    }

    static let account = "https://ca.example/acct/1"

    @Test(
        "a CAA RRset is read as the CA will read it",
        arguments: [
            Case(rule: "§4.2: issue names the CA", records: ["0 issue ca.example"], objection: nil),
            Case(rule: "names are compared without regard to case", records: ["0 issue CA.Example"], objection: nil),
            Case(
                rule: "tags are compared without regard to case (§4.1)", records: ["0 ISSUE other.example"],
                objection: "other.example"),
            Case(
                rule: "one of several suffices", records: ["0 issue other.example", "0 issue ca.example"],
                objection: nil),
            Case(rule: "any of the CA's names suffices", records: ["0 issue second.example"], objection: nil),
            Case(rule: "another CA", records: ["0 issue other.example"], objection: "other.example"),
            Case(rule: "§4.2: the empty value lets nobody", records: ["0 issue ;"], objection: "nobody"),
            Case(rule: "an empty value lets nobody, too", records: ["0 issue "], objection: "nobody"),
            Case(rule: "nobody, and the CA after all", records: ["0 issue ;", "0 issue ca.example"], objection: nil),
            Case(rule: "§4.2: a malformed value lets nobody", records: ["0 issue %%%%%"], objection: "%%%%%"),
            Case(rule: "a suffix is another CA", records: ["0 issue x.ca.example"], objection: "x.ca.example"),
            Case(
                rule: "blanks around value and parameters do not count", records: ["0 issue  ca.example ; a = b "],
                objection: nil),
            Case(rule: "§4.4: iodef alone forbids nothing", records: ["0 iodef mailto:x@example.com"], objection: nil),
            Case(
                rule: "§4.1: an unknown property that is not critical is ignored", records: ["0 tbs x"], objection: nil),
            Case(
                rule: "§4.1: an unknown critical property forbids", records: ["128 tbs x", "0 issue ca.example"],
                objection: "tbs"),
            Case(rule: "a critical property that is known does not", records: ["128 issue ca.example"], objection: nil),
            Case(
                rule: "§4.1: other flag bits are ignored", records: ["1 tbs x", "0 issue ca.example"], objection: nil),
            Case(
                rule: "§4.3: issuewild says nothing about other names", records: ["0 issuewild other.example"],
                objection: nil),
            Case(
                rule: "§4.3: issuewild alone decides about wildcards",
                records: ["0 issue other.example", "0 issuewild ca.example"], wildcard: true, objection: nil),
            Case(
                rule: "§4.3: issuewild forbids wildcards although issue allows",
                records: ["0 issue ca.example", "0 issuewild ;"],
                wildcard: true, objection: "nobody"),
            Case(
                rule: "§4.3: issuewild does not forbid the name itself",
                records: ["0 issue ca.example", "0 issuewild ;"],
                objection: nil),
            Case(
                rule: "§4.3: without issuewild issue decides", records: ["0 issue other.example"], wildcard: true,
                objection: "other"),
            Case(
                rule: "RFC 8657 §3: our account", records: ["0 issue ca.example; accounturi=\(account)"], objection: nil
            ),
            Case(
                rule: "RFC 8657 §3: another account",
                records: ["0 issue ca.example; accounturi=https://ca.example/acct/2"], objection: "acct/2"),
            Case(
                rule: "RFC 8657 §3: the account's URL is compared as it is",
                records: ["0 issue ca.example; accounturi=https://CA.example/acct/1"], objection: "ours is"),
            Case(
                rule: "RFC 8657 §3: more than one accounturi cannot be satisfied",
                records: ["0 issue ca.example; accounturi=\(account); accounturi=https://ca.example/acct/2"],
                objection: "acct/2"),
            Case(
                rule: "RFC 8657 §4: our method among others",
                records: ["0 issue ca.example; validationmethods=http-01,dns-01"], objection: nil),
            Case(
                rule: "RFC 8657 §4: only other methods", records: ["0 issue ca.example; validationmethods=http-01"],
                objection: "http-01"),
            Case(
                rule: "RFC 8657: both have to hold",
                records: ["0 issue ca.example; accounturi=\(account); validationmethods=http-01"], objection: "http-01"),
            Case(
                rule: "RFC 8657: a second record may allow what the first restricts",
                records: [
                    "0 issue ca.example; validationmethods=http-01", "0 issue ca.example; validationmethods=dns-01",
                ],
                objection: nil),
            Case(
                rule: "parameter names are compared without regard to case",
                records: ["0 issue ca.example; ValidationMethods=http-01"], objection: "http-01"),
            Case(rule: "an unknown parameter is ignored", records: ["0 issue ca.example; policy=ev"], objection: nil),
        ])
    func objection(_ example: Case) throws {
        let policy = CAAPolicy(owner: try DomainName("example.com"), records: try example.records.map(Self.record))
        let applicant = CAAPolicy.Applicant(
            identities: ["ca.example", "second.example"], accountURL: Self.account, method: "dns-01")
        let objection = policy.objection(to: applicant, wildcard: example.wildcard)
        if let expected = example.objection {
            #expect(objection?.contains(expected) == true, "\(objection ?? "no objection")")
        } else {
            #expect(objection == nil)
        }
    }

    @Test("RFC 8657 §3: a restriction to an account forbids while there is none")
    func noAccount() throws {
        let policy = CAAPolicy(
            owner: try DomainName("example.com"),
            records: [try Self.record("0 issue ca.example; accounturi=\(Self.account)")])
        let applicant = CAAPolicy.Applicant(identities: ["ca.example"], accountURL: nil, method: "dns-01")
        #expect(policy.objection(to: applicant, wildcard: false)?.contains("not made yet") == true)
    }

    private static func record(_ text: String) throws -> CAAData {
        let parts = text.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        return try #require(CAAData(flags: UInt8(parts[0]) ?? 0, tag: String(parts[1]), value: Array(parts[2].utf8)))
    }
}
