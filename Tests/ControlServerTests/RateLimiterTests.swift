import Synchronization
import Testing

@testable import ControlServer

@Suite("Rate limits (GCRA)")
struct RateLimiterTests {
    /// A clock that stands still until it is moved.
    private final class Time: Sendable {
        private let instant = Mutex(ContinuousClock.now)
        var now: ContinuousClock.Instant { instant.withLock { $0 } }
        func advance(_ duration: Duration) { instant.withLock { $0 += duration } }
    }

    @Test("a full bucket gives its burst, then one each interval, and says exactly how long to wait")
    func burst() {
        let time = Time()
        let limiter = RateLimiter<String>(.init(burst: 3, interval: .seconds(2)), now: { time.now })
        for _ in 1...3 { #expect(limiter.take("a") == nil) }
        #expect(limiter.take("a") == .seconds(2))
        time.advance(.milliseconds(1_999))
        #expect(limiter.take("a") == .milliseconds(1))
        time.advance(.milliseconds(1))
        #expect(limiter.take("a") == nil)
        #expect(limiter.take("a") == .seconds(2))
        // A refused request costs nothing, and a long pause earns no more than the burst.
        time.advance(.seconds(3_600))
        for _ in 1...3 { #expect(limiter.take("a") == nil) }
        #expect(limiter.take("a") != nil)
    }

    @Test("keys do not share a bucket")
    func keys() {
        let time = Time()
        let limiter = RateLimiter<String>(.init(burst: 1, interval: .seconds(1)), now: { time.now })
        #expect(limiter.take("a") == nil)
        #expect(limiter.take("b") == nil)
        #expect(limiter.take("a") != nil)
    }

    @Test("memory is bounded by the keys with anything missing from their bucket")
    func memory() {
        let time = Time()
        let limiter = RateLimiter<Int>(.init(burst: 1, interval: .seconds(1)), now: { time.now })
        for key in 0..<30_000 {
            _ = limiter.take(key)
            time.advance(.milliseconds(1))
        }
        #expect(limiter.count < 15_000)
    }
}
