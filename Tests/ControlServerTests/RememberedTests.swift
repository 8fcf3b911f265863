import Testing

@testable import ControlServer

@Suite("Remembered: what costs something is found out once in a while")
struct RememberedTests {
    @Test("it is asked for again when it is old, not when it is wanted again")
    func age() async {
        let start = ContinuousClock.Instant.now
        let remembered = Remembered<Int>(for: .seconds(5), now: { start })
        var asked = 0
        for _ in 1...10 {
            let value = await remembered.value {
                asked += 1
                return asked
            }
            #expect(value == 1)
        }
        #expect(asked == 1)
        let short = Remembered<Int>(for: .zero)
        for round in 1...3 { #expect(await short.value { round } == round) }
    }
}
