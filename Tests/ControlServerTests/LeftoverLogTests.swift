import Testing

@testable import ControlServer

@Suite("What a sweep says about the challenges it could not take back")
struct LeftoverLogTests {
    @Test("each is said once, and again when it was gone in between")
    func once() {
        let log = LeftoverLog()
        #expect(log.news(["a", "b"]) == ["a", "b"])
        #expect(log.news(["a", "b", "c"]) == ["c"])
        #expect(log.news(["a"]) == [])
        #expect(log.news(["a", "b"]) == ["b"])
    }
}
