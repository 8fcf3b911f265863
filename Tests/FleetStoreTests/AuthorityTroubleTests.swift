import Testing

@testable import FleetStore

@Suite("Since when a CA has not worked")
struct AuthorityTroubleTests {
    @Test("Failures are counted from the first one on, for each CA, until it works again")
    func count() async throws {
        try await withStore { store, time async throws in
            let start = time.now
            #expect(try await store.noteTrouble(at: "https://a") == AuthorityTroubleRecord(since: start, failures: 1))
            time.advance(by: 60)
            #expect(try await store.trouble(at: "https://b") == nil)
            #expect(try await store.noteTrouble(at: "https://a") == AuthorityTroubleRecord(since: start, failures: 2))
            // Looking at it adds nothing.
            #expect(try await store.trouble(at: "https://a") == AuthorityTroubleRecord(since: start, failures: 2))
            #expect(
                try await store.noteTrouble(at: "https://b") == AuthorityTroubleRecord(since: time.now, failures: 1))
            try await store.clearTrouble(at: "https://a")
            try await store.clearTrouble(at: "https://a")
            #expect(
                try await store.noteTrouble(at: "https://a") == AuthorityTroubleRecord(since: time.now, failures: 1))
            #expect(try await store.noteTrouble(at: "https://b").failures == 2)
        }
    }
}
