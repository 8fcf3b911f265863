/// What is left of an operation's time and repetitions.
struct RetryBudget {
    private let deadline: Duration
    private let nonceLimit: Int
    private var failures = 0
    private var waits = 0
    private var rejectedNonces = 0
    private var noncePause = Duration.milliseconds(20)

    /// Rejections in a row that are repeated at once.
    private static let toleratedNonces = 8
    private static let longestNoncePause = Duration.milliseconds(500)

    init(_ configuration: ClientConfiguration, _ clock: any ACMEClock) {
        deadline = clock.uptime + configuration.operationTimeout
        nonceLimit = configuration.nonceLimit
    }

    /// - Throws: `timedOut` when nothing is left, `cancelled` when nobody wants the answer any more.
    func remaining(_ url: ACMEURL?, _ clock: any ACMEClock) throws(ACMEError) -> Duration {
        guard !Task.isCancelled else { throw ACMEError(.cancelled, "cancelled", url: url) }
        let remaining = deadline - clock.uptime
        guard remaining > .zero else {
            throw ACMEError(.timedOut, "the CA did not carry out the request in the time given", url: url)
        }
        return remaining
    }

    /// Accounts for one rejected nonce. The first rejections are repeated at once; a CA that keeps rejecting is not
    /// hammered.
    mutating func spendNonce(_ url: ACMEURL, _ clock: any ACMEClock) async throws(ACMEError) {
        rejectedNonces += 1
        guard rejectedNonces <= nonceLimit else {
            throw ACMEError(
                .badNonce, "\(url) rejects every nonce, \(rejectedNonces) in a row",
                hint: "the CA's front ends may not share their nonces; try again later", url: url)
        }
        guard rejectedNonces >= Self.toleratedNonces else { return }
        noncePause = min(noncePause * 1.25, Self.longestNoncePause)
        do {
            try await clock.sleep(for: noncePause)
        } catch {
            throw ACMEError(.cancelled, "cancelled", url: url)
        }
    }

    /// Whether the next nonce is to be asked for at newNonce.
    var doubtsNonces: Bool { rejectedNonces.isMultiple(of: Self.toleratedNonces) }

    /// How long to wait before the request is sent again; `nil` when it must not or need not be.
    ///
    /// - Parameter random: in 0..<1.
    mutating func delay(
        after error: ACMEError, _ repetition: RequestEngine.Repetition, _ configuration: ClientConfiguration,
        _ random: Double
    ) -> Duration? {
        let isUntouched = !error.mayHaveBeenApplied
        switch error.code {
        case .rateLimited, .serviceBusy, .serverInternal, .otherProblem:
            guard isUntouched || repetition == .safe else { return nil }
            if let retryAfter = error.retryAfter {
                // The CA's wish wins: a short one is granted here, a long one is the caller's to plan with.
                guard retryAfter.delay <= configuration.longestWait, waits < configuration.retryLimit else {
                    return nil
                }
                waits += 1
                return retryAfter.delay
            }
            // A limit without a time is not a thing to try again within seconds; a busy server is.
            guard error.code != .rateLimited, error.code != .otherProblem || error.mayHaveBeenApplied else {
                return nil
            }
            return backOff(configuration, random)
        case .badNonce:
            // Without a fresh nonce in the answer; the next attempt fetches one.
            rejectedNonces += 1
            return rejectedNonces <= nonceLimit ? backOff(configuration, random) : nil
        case .nameResolutionFailed, .connectFailed, .proxyFailed, .connectionLost, .timedOut, .tlsFailed:
            guard isUntouched || repetition == .safe else { return nil }
            return backOff(configuration, random)
        default:
            return nil
        }
    }

    private mutating func backOff(_ configuration: ClientConfiguration, _ random: Double) -> Duration? {
        guard failures < configuration.retryLimit else { return nil }
        let full = configuration.retryDelay * (1 << failures)
        failures += 1
        return full * (0.5 + random / 2)
    }
}

extension ACMEError {
    /// The same failure, of a step that came before the request which matters.
    var beforeRequest: ACMEError { with(mayHaveBeenApplied: false) }
    /// The same failure, of a step that came after the request was carried out.
    var afterRequest: ACMEError { with(mayHaveBeenApplied: true) }

    private func with(mayHaveBeenApplied: Bool) -> ACMEError {
        ACMEError(
            code, message, hint: hint, problem: problem, retryAfter: retryAfter, url: url, identifier: identifier,
            link: link, refusedBy: refusedBy, mayHaveBeenApplied: mayHaveBeenApplied)
    }
}
