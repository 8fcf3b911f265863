extension LeaseStore {
    /// Runs `body` while holding the lease, renews it meanwhile, and gives it back however `body` ends.
    ///
    /// When the lease cannot be renewed any more `body` is cancelled: somebody else may have begun the same work.
    ///
    /// - Parameters:
    ///   - name: what the lease is for.
    ///   - lifetime: after how long without renewal others may take it; it is renewed three times in that time.
    ///   - patience: how long to wait for another holder; zero: not at all.
    ///   - whileWaiting: called once, before waiting, with who holds it.
    /// - Throws: `leaseHeld` when the patience is over, `leaseLost`, what `body` throws, `CancellationError`.
    package func withLease<Value: Sendable>(
        _ name: String,
        lifetime: Duration = .seconds(30),
        patience: Duration = .zero,
        clock: any Clock<Duration> = ContinuousClock(),
        whileWaiting: @Sendable (LeaseHolder) -> Void = { _ in },
        _ body: @escaping @Sendable (Lease) async throws -> Value
    ) async throws -> Value {
        let lease = try await waitForLease(
            name, lifetime: lifetime, patience: patience, clock: clock, whileWaiting: whileWaiting)
        let result: Result<Value, any Error>
        do {
            result = .success(try await renewing(lease, lifetime: lifetime, clock: clock, body))
        } catch {
            result = .failure(error)
        }
        // After an error the one that matters is that of `body`; an unreleased lease ends by itself.
        do {
            try await releaseLease(lease)
        } catch  where (try? result.get()) == nil {}
        return try result.get()
    }

    private func waitForLease(
        _ name: String, lifetime: Duration, patience: Duration, clock: any Clock<Duration>,
        whileWaiting: @Sendable (LeaseHolder) -> Void
    ) async throws -> Lease {
        var waited = Duration.zero
        var pause = Duration.milliseconds(50)
        while true {
            try Task.checkCancellation()
            switch try await acquireLease(name, lifetime: lifetime) {
            case .acquired(let lease): return lease
            case .held(let holder):
                guard waited < patience else {
                    throw FleetStoreError(
                        .leaseHeld, "\(name) is being worked on by \(holder)", hint: "try again when it has finished")
                }
                if waited == .zero { whileWaiting(holder) }
                let nap = min(pause, patience - waited)
                try await clock.sleep(for: nap)
                waited += nap
                pause = min(pause * 2, .seconds(1))
            }
        }
    }

    private func renewing<Value: Sendable>(
        _ lease: Lease, lifetime: Duration, clock: any Clock<Duration>,
        _ body: @escaping @Sendable (Lease) async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body(lease) }
            group.addTask {
                var current = lease
                while true {
                    // Cancelled when `body` is done, which ends this task without a result.
                    do { try await clock.sleep(for: lifetime / 3) } catch { return nil }
                    do {
                        current = try await self.renewLease(current, lifetime: lifetime)
                    } catch let error as FleetStoreError where error.code == .busy || error.code == .diskFull {
                        // Passing trouble: the lease is still ours until someone takes it, so go on trying.
                        continue
                    }
                }
            }
            defer { group.cancelAll() }
            while let finished = try await group.next() {
                if let value = finished { return value }
            }
            throw CancellationError()
        }
    }
}
