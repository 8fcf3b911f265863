import Testing

@testable import Issuance

@Suite("Links of the CA's that are the operator's")
struct OutsideLinksTests {
    private static let texts: [(text: String, shown: String)] = [
        ("no link", "no link"), ("see https://a.example/docs.", "see https://a.example/docs."),
        ("visit: https://a.example/unpause?jwt=ey.x.y and", "visit: https://a.example/unpause?(withheld) and"),
        (
            "(see https://a.example/u?jwt=ey.x) \"https://b.example/?t=1\"",
            "(see https://a.example/u?(withheld)) \"https://b.example/?(withheld)\""
        ),
        ("https://a.example/u?jwt=ey…", "https://a.example/u?(withheld)"),
    ]

    @Test("the query, which is the token that ends a pause, is left out", arguments: 0..<texts.count)
    func tokens(index: Int) {
        #expect(OutsideLinks.withoutTokens(Self.texts[index].text) == Self.texts[index].shown)
    }
}
