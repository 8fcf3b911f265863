import Synchronization

/// Watches the serial that one server has of one zone, for everybody who waits for it: one SOA query releases every waiter
/// whose change the server must have by now (RFC 1982).
///
/// There is no task behind it. One of the waiters asks and pauses for all; when it leaves, another takes over. Without
/// waiters nothing is asked.
final class SerialWatch: Sendable {
    /// What a waiter learns.
    enum Standing: Sendable, Equatable {
        /// The server has a serial at or above the one waited for, which is this one.
        case reached(SerialNumber)
        /// Time is up, or the task is cancelled; the last serial known.
        case behind(SerialNumber?)
        /// The server did not tell its serial.
        case silent
    }

    private struct Waiter {
        let mark: SerialNumber
        /// On the watch's stopwatch, as all times here.
        let start: Duration
        let end: Duration
        let leavesOnSilence: Bool
        let continuation: CheckedContinuation<Turn, Never>
    }

    /// What a waiter does next.
    private enum Turn: Sendable {
        case leave(Standing)
        case lead
    }

    private struct State {
        var latest: SerialNumber?
        /// Since when the one that asks waits; nil: nobody asks.
        var leaderStart: Duration?
        var waiters: [UInt64: Waiter] = [:]
        var nextID: UInt64 = 0
        /// Queries since something happened, for the pause.
        var looks = 0
        var notBefore = Duration.zero
        var queries = 0
    }

    private let check: PropagationCheck
    private let stopwatch: Stopwatch
    private let zone: DomainName
    private let server: DNSEndpoint
    private let state = Mutex(State())

    init(_ check: PropagationCheck, zone: DomainName, server: DNSEndpoint) {
        self.check = check
        self.zone = zone
        self.server = server
        stopwatch = check.stopwatch()
    }

    /// SOA queries sent so far.
    var queries: Int { state.withLock { $0.queries } }

    /// The last serial known, how many wait for a higher one, and for how long one of them has.
    var standing: (serial: SerialNumber?, waiters: Int, longest: Duration) {
        let now = stopwatch.elapsed
        return state.withLock { state in
            let starts = state.waiters.values.map(\.start) + [state.leaderStart].compactMap(\.self)
            return (state.latest, starts.count, now - (starts.min() ?? now))
        }
    }

    /// Waits until the server has at least this serial.
    ///
    /// - Parameters:
    ///   - timeout: after which it returns `behind`.
    ///   - leavesOnSilence: whether an unanswered query ends the wait, too.
    func wait(for mark: SerialNumber, timeout: Duration, leavesOnSilence: Bool) async -> Standing {
        let start = stopwatch.elapsed
        let end = start + timeout
        // Somebody new waits: the server may be about to have it.
        state.withLock { $0.looks = min($0.looks, 4) }
        switch await enter(mark, start, end, leavesOnSilence) {
        case .leave(let standing): return standing
        case .lead: return await lead(mark, end, leavesOnSilence)
        }
    }

    // MARK: - Following

    /// Leads at once if nobody does, else waits for what the leader finds.
    private func enter(
        _ mark: SerialNumber, _ start: Duration, _ end: Duration, _ leavesOnSilence: Bool
    ) async -> Turn {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let turn = state.withLock { state -> Turn? in
                    if let latest = state.latest, latest.isAtLeast(mark) { return .leave(.reached(latest)) }
                    if Task.isCancelled || stopwatch.elapsed >= end { return .leave(.behind(state.latest)) }
                    if state.leaderStart == nil {
                        state.leaderStart = start
                        return .lead
                    }
                    state.waiters[id] = Waiter(
                        mark: mark, start: start, end: end, leavesOnSilence: leavesOnSilence,
                        continuation: continuation)
                    return nil
                }
                if let turn { continuation.resume(returning: turn) }
            }
        } onCancel: {
            let (waiter, latest) = state.withLock { ($0.waiters.removeValue(forKey: id), $0.latest) }
            waiter?.continuation.resume(returning: .leave(.behind(latest)))
        }
    }

    // MARK: - Leading

    private func lead(_ mark: SerialNumber, _ end: Duration, _ leavesOnSilence: Bool) async -> Standing {
        while true {
            let pause = state.withLock { $0.notBefore } - stopwatch.elapsed
            if pause > .zero { await check.pause(min(pause, max(.zero, end - stopwatch.elapsed))) }
            guard !Task.isCancelled, stopwatch.elapsed < end else {
                return resign(.behind(state.withLock { $0.latest }))
            }
            let answer = await check.serial(of: zone, at: server)
            guard !Task.isCancelled else { return resign(.behind(answer)) }
            note(answer)
            if let answer, answer.isAtLeast(mark) { return resign(.reached(answer)) }
            if answer == nil, leavesOnSilence { return resign(.silent) }
        }
    }

    /// Tells everybody whom the answer concerns.
    private func note(_ answer: SerialNumber?) {
        let now = stopwatch.elapsed
        let leaving = state.withLock { state in
            state.queries += 1
            // Also when it is lower than before: a restored backup starts again from where it was.
            if let answer, answer != state.latest {
                state.latest = answer
                state.looks = 0
            }
            state.looks += 1
            state.notBefore = now + check.pause(after: state.looks, of: .seconds(3_600))
            let leaving = state.waiters.compactMap { id, waiter -> (UInt64, Waiter, Standing)? in
                if let answer, answer.isAtLeast(waiter.mark) { return (id, waiter, .reached(answer)) }
                if answer == nil, waiter.leavesOnSilence { return (id, waiter, .silent) }
                return waiter.end <= now ? (id, waiter, .behind(state.latest)) : nil
            }
            for (id, _, _) in leaving { state.waiters[id] = nil }
            return leaving
        }
        for (_, waiter, standing) in leaving { waiter.continuation.resume(returning: .leave(standing)) }
    }

    /// Hands the lead to one of the others.
    private func resign(_ standing: Standing) -> Standing {
        let heir = state.withLock { state -> Waiter? in
            let heir = state.waiters.keys.min().flatMap { state.waiters.removeValue(forKey: $0) }
            state.leaderStart = heir?.start
            return heir
        }
        heir?.continuation.resume(returning: .lead)
        return standing
    }
}
