import FoundationEssentials
import Testing

@testable import ACME

@Suite("How often a CA is asked whether it is done")
struct PollScheduleTests {
    @Test("RFC 8555 §7.5.1: the CA's Retry-After wins; one that asks for no pause at all does not make us hammer it")
    func retryAfter() {
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        var pauses = PollSchedule.Pauses(PollSchedule())
        #expect(pauses.next(RetryAfter(delay: .seconds(7), receivedAt: now)) == .seconds(7))
        let atOnce = [RetryAfter(delay: .zero, receivedAt: now), RetryAfter(instant: now - 60, receivedAt: now)]
        for wish in atOnce {
            var pauses = PollSchedule.Pauses(PollSchedule())
            let total = (1...40).reduce(Duration.zero) { sum, _ in sum + pauses.next(wish) }
            #expect(total > .seconds(60), "forty questions in \(total)")
        }
    }
}
