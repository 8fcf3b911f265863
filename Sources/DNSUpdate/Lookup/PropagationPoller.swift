import NIOCore

/// Watches one server until it shows all challenges.
struct PropagationPoller: Sendable {
    let check: PropagationCheck
    let stopwatch: Stopwatch
    let timeout: Duration
    let zone: DomainName
    let challenges: [PropagationCheck.Challenge]
    let server: DNSEndpoint
    let isPrimary: Bool
    let key: TSIGKey?
    let watermark: PropagationWatermark
    let progress: @Sendable (PropagationProgress) -> Void

    /// What is known so far.
    private struct Knowledge {
        var missing: [PropagationCheck.Challenge]
        var last: TextVisibility?
        var serial: SerialNumber?
        var since = Duration.zero
        var shownAfter: Duration?
    }

    /// Ends when everything is shown, at the timeout, when the task is cancelled, or when waiting is of no use.
    func run() async -> PropagationReport.Server {
        if let watch = check.watch, !isPrimary, watermark.serial != nil {
            return await run(serials: watch.serials(of: zone, at: server, check))
        }
        var known = Knowledge(missing: challenges)
        var looks = 0
        var serialPolls = 0
        while !known.missing.isEmpty, !Task.isCancelled, looks == 0 || stopwatch.elapsed < timeout {
            var isTooEarly = false
            if looks > 0, serialPolls < check.settings.serialPolls { isTooEarly = await isBelowWatermark(&known) }
            if isTooEarly {
                serialPolls += 1
            } else {
                serialPolls = 0
                await lookForMissing(&known)
            }
            looks += 1
            guard !known.missing.isEmpty, !report(known).isHopeless, !report(known).isUncheckable else { break }
            let remaining = timeout - stopwatch.elapsed
            guard remaining > .zero else { break }
            await check.pause(check.pause(after: looks, of: remaining))
        }
        return report(known)
    }

    /// Leaves it to the shared serial when to look: one TXT query for each challenge, if serials mean what they say.
    private func run(serials: SerialWatch) async -> PropagationReport.Server {
        var known = Knowledge(missing: challenges)
        var looks = 0
        while !known.missing.isEmpty, !Task.isCancelled, let mark = watermark.serial {
            let remaining = timeout - stopwatch.elapsed
            guard remaining > .zero || known.last == nil else { break }
            // Serials can lie (another signer, a restored backup), so the record itself is looked for now and then, and
            // at the end.
            let trust = max(.zero, min(check.settings.longestTrust, remaining - check.settings.longestPause))
            var standing = await serials.wait(
                for: mark, timeout: min(trust, check.settings.longestPause), leavesOnSilence: looks == 0)
            if case .behind(let serial) = standing {
                known.serial = serial ?? known.serial
                tellOfLag(known)
                standing = await serials.wait(
                    for: mark, timeout: trust - min(trust, check.settings.longestPause), leavesOnSilence: looks == 0)
            }
            if case .reached(let serial) = standing { known.serial = serial }
            await lookForMissing(&known)
            looks += 1
            guard !known.missing.isEmpty, !report(known).isHopeless, !report(known).isUncheckable else { break }
            await check.pause(check.pause(after: looks, of: max(.zero, timeout - stopwatch.elapsed)))
        }
        return report(known)
    }

    private func tellOfLag(_ known: Knowledge) {
        guard known.last == nil, !Task.isCancelled else { return }
        progress(
            PropagationProgress(
                server: server, shown: 0, total: challenges.count, last: nil, serial: known.serial,
                watermark: watermark.serial, elapsed: stopwatch.elapsed))
    }

    /// One SOA query instead of many TXT queries, while the serial says that the server has not transferred yet.
    private func isBelowWatermark(_ known: inout Knowledge) async -> Bool {
        guard known.missing.count > 1, let watermark = watermark.serial, let serial = await serial() else {
            return false
        }
        known.serial = serial
        return !serial.isAtLeast(watermark)
    }

    private func serial() async -> SerialNumber? {
        if isPrimary, let watch = check.watch {
            return await watch.serial(of: zone, at: server, key: key, check)
        }
        return await check.serial(of: zone, at: server, key: key, timeout: lookupTimeout)
    }

    private var lookupTimeout: Duration {
        max(.milliseconds(1), min(check.settings.lookupTimeout, timeout - stopwatch.elapsed))
    }

    private func lookForMissing(_ known: inout Knowledge) async {
        let before = known
        // The end of the wait leaves the last look less time than a busy server may need.
        let isCutShort = lookupTimeout < check.settings.lookupTimeout
        // Asked together with the records, the primary's serial can be older than they are by a change. That makes the
        // watermark too low, which costs a look at another server and no more.
        async let primarySerial = isPrimary ? serial() : nil
        let seen = await visibilities(of: known.missing)
        let newSerial = await primarySerial ?? seen.compactMap(\.serial).last
        // A look that was cut short says nothing about the server.
        let isSilent = isCutShort && before.last != nil && seen.contains(where: \.isSilence)
        guard !Task.isCancelled, !isSilent else { return }
        known.missing = zip(known.missing, seen).filter { !$1.isShown }.map(\.0)
        known.last = seen.first { !$0.isShown } ?? seen.last
        known.serial = newSerial ?? known.serial
        if known.missing.isEmpty {
            known.shownAfter = stopwatch.elapsed
            if isPrimary { watermark.serial = known.serial }
        }
        let hasChanged =
            before.last == nil || before.missing.count != known.missing.count || before.last?.state != known.last?.state
        guard hasChanged else { return }
        known.since = stopwatch.elapsed
        progress(
            PropagationProgress(
                server: server, shown: challenges.count - known.missing.count, total: challenges.count,
                last: known.last, serial: known.serial, watermark: watermark.serial, elapsed: known.since))
    }

    /// In the order of the challenges; a bounded number is asked for at once.
    private func visibilities(of challenges: [PropagationCheck.Challenge]) async -> [TextVisibility] {
        if challenges.count == 1, let challenge = challenges.first { return [await visibility(of: challenge)] }
        return await withTaskGroup(of: (Int, TextVisibility).self) { group in
            var results: [Int: TextVisibility] = [:]
            for (index, challenge) in challenges.enumerated() {
                if index >= check.settings.lookupsAtOnce, let (done, result) = await group.next() {
                    results[done] = result
                }
                group.addTask { (index, await visibility(of: challenge)) }
            }
            for await (done, result) in group { results[done] = result }
            return challenges.indices.compactMap { results[$0] }
        }
    }

    private func visibility(of challenge: PropagationCheck.Challenge) async -> TextVisibility {
        let limit = check.watch?.limit(at: server)
        let isCrowded = (limit?.inFlight ?? 0) >= PropagationWatch.datagramsAtOnce
        do throws(TransportFailure) {
            try await limit?.acquire(
                until: NIODeadline.now() + TimeAmount(max(.milliseconds(1), timeout - stopwatch.elapsed)),
                cancellation: .obeyed)
        } catch {
            return TextVisibility(
                server: server, state: .noAnswer(.noAnswer, evidence: "not asked: \(error.evidence)"), serial: nil)
        }
        defer { limit?.release() }
        // Where many ask at once, one connection for all of them: nothing is lost on it and asked again, and no socket is
        // opened for each question. Should the server not take it, datagrams do.
        if isCrowded, let watch = check.watch, let lookup = watch.pipeline(at: server, key: key) {
            do throws(LookupFailure) {
                return TextVisibility(of: challenge.value, in: try await lookup.query(challenge.name, .txt))
            } catch {
                if error.code != .cancelled { watch.avoidPipeline(at: server) }
            }
        }
        return await check.lookup.visibility(
            of: challenge.value, at: challenge.name, on: server, key: key, timeout: lookupTimeout)
    }

    private func report(_ known: Knowledge) -> PropagationReport.Server {
        PropagationReport.Server(
            server: server, isPrimary: isPrimary, missing: known.missing, shownAfter: known.shownAfter,
            last: known.last, serial: known.serial, unchangedFor: stopwatch.elapsed - known.since)
    }
}
