import TestSupport
import Testing

@testable import ACME

@Suite("RFC 8555 §6.5: the nonce pool")
struct NoncePoolTests {
    @Test("the freshest nonce is used first, and each only once")
    func order() async {
        let pool = NoncePool(clock: SkippingClock())
        for nonce in ["old", "middle", "fresh"] { pool.deposit(nonce) }
        #expect(await pool.take() == .nonce("fresh"))
        #expect(await pool.take() == .nonce("middle"))
        #expect(await pool.take() == .nonce("old"))
        #expect(await pool.take() == .fetch)
    }

    @Test("nonces that the CA may have forgotten are dropped, younger ones are kept")
    func lifetime() async {
        let clock = SkippingClock()
        let pool = NoncePool(clock: clock)
        pool.deposit("old")
        clock.advance(by: NoncePool.lifetime - .seconds(1))
        pool.deposit("young")
        clock.advance(by: .seconds(2))
        #expect(await pool.take() == .nonce("young"))
        #expect(await pool.take() == .fetch)
    }

    @Test("the pool is bounded, whatever the CA hands out")
    func capacity() async {
        let pool = NoncePool(clock: SkippingClock())
        for number in 0..<(NoncePool.capacity + 10) { pool.deposit("n\(number)") }
        #expect(pool.count == NoncePool.capacity)
        #expect(await pool.take() == .nonce("n\(NoncePool.capacity + 9)"))
    }

    @Test("five hundred requests at once fetch no more nonces than may be held at a time")
    func stampede() async {
        let pool = NoncePool(clock: SkippingClock())
        let fetches = Watched(0)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<500 {
                group.addTask {
                    if await pool.take() == .fetch { fetches.update { $0 += 1 } }
                    await Task.yield()
                    pool.settle(returning: "after\(number)")
                }
            }
        }
        #expect((1...NoncePool.circulation).contains(fetches.read { $0 }))
    }

    @Test("an answer without a nonce lets the next waiter fetch one, so that nobody waits for ever")
    func answersWithoutNonce() async {
        let pool = NoncePool(clock: SkippingClock())
        let fetches = Watched(0)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    if await pool.take() == .fetch { fetches.update { $0 += 1 } }
                    pool.settle(returning: nil)
                }
            }
        }
        #expect(fetches.read { $0 } == 200)
        #expect(await pool.take() == .fetch)
    }

    @Test("a cancelled waiter leaves the queue; the nonce goes to the next one")
    func cancellation() async {
        let pool = NoncePool(clock: SkippingClock())
        for _ in 0..<NoncePool.circulation { _ = await pool.take() }
        await withTaskGroup(of: NoncePool.Grant.self) { group in
            group.addTask { await pool.take() }
            group.cancelAll()
            #expect(await group.next() == .cancelled)
        }
        pool.settle(returning: "fresh")
        #expect(await pool.take() == .nonce("fresh"))
    }

    @Test(
        "RFC 8555 §6.5.1: a Replay-Nonce outside the base64url alphabet is ignored",
        arguments: ["", "a b", "a+b", "a=", "ä", String(repeating: "a", count: 1_025)])
    func invalid(nonce: String) {
        #expect(ACMEResponse(status: 200, headers: ["Replay-Nonce": nonce]).replayNonce == nil)
    }
}
