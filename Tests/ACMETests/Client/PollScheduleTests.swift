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

    @Test("a CA that needs five seconds and does not say so is asked fewer than ten times")
    func sparse() {
        var pauses = PollSchedule.Pauses(PollSchedule())
        var (questions, total) = (0, Duration.zero)
        while total < .seconds(5) {
            total += pauses.next(nil)
            questions += 1
        }
        #expect(questions < 10)
    }

    @Test(
        "a CA that asks for more time than is left is asked once more at the deadline, and then given up",
        arguments: [true, false])
    func lastQuestion(isDone: Bool) async throws {
        let scripted = try ScriptedSession([
            "/authz/1": { call in
                call.number > 1 && isDone
                    ? .json(200, ScriptedCA.authorization("valid", challenge: "valid"))
                    : .json(200, ScriptedCA.authorization("pending"), ["Retry-After": "400"])
            }
        ])
        let url = try ACMEURL(ScriptedCA.base + "/authz/1")
        if isDone {
            _ = try await scripted.session.waitUntilValid(authorization: url)
        } else {
            let error = try await failure { () async throws(ACMEError) in
                try await scripted.session.waitUntilValid(authorization: url)
            }
            #expect(error.code == .stillProcessing && error.retryAfter?.delay == .seconds(400))
        }
        #expect(scripted.ca.calls(to: "/authz/1").count == 2)
        #expect(scripted.clock.sleeps.reduce(.zero, +) == .seconds(300))
    }
}
