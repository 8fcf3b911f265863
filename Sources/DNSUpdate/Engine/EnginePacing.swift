/// How fast the server is driven: messages in flight, their size after an outage, and when to leave it alone.
struct EnginePacing: Sendable {
    /// Messages in flight at once, at most; BIND works through a zone's updates one by one, so that a few hide the way
    /// there and back, and more only stand in its queue (`update-quota`).
    static let maximumWindow = 4.0
    /// Silences in a row after which the server is taken for gone.
    static let patience = 3
    /// The size of the first message after an outage.
    static let firstSize = 8
    /// In seconds.
    static let longestPause = 30

    let maximumChanges: Int
    private(set) var window = 2.0
    private(set) var size: Int
    private(set) var silences = 0
    /// Until when nothing is sent but urgent changes, one message at a time, and why.
    private(set) var pause: (until: ContinuousClock.Instant, failure: UpdateFailure)?
    private var pauses = 0

    init(maximumChanges: Int) {
        self.maximumChanges = maximumChanges
        size = maximumChanges
    }

    /// Additive increase, and twice the size after an outage.
    mutating func answered() {
        window = min(Self.maximumWindow, window + 1 / window)
        size = min(maximumChanges, size * 2)
        (silences, pauses, pause) = (0, 0, nil)
    }

    /// Multiplicative decrease: the server works, but not at this pace.
    mutating func slowedDown() {
        window = max(1, window / 2)
    }

    /// No server could be reached, or none answered.
    ///
    /// - Returns: whether the server is left alone from now on.
    mutating func silent(_ failure: UpdateFailure, now: ContinuousClock.Instant) -> Bool {
        slowedDown()
        silences += 1
        guard silences >= Self.patience else { return false }
        leaveAlone(failure, now: now)
        return true
    }

    /// Opens the circuit: for a second, and twice as long each time in a row.
    mutating func leaveAlone(_ failure: UpdateFailure, now: ContinuousClock.Instant) {
        // What urgent changes find out meanwhile makes it no longer.
        if objection(now: now) == nil {
            let seconds = min(Self.longestPause, 1 << min(pauses, 5))
            pauses += 1
            pause = (now + .seconds(seconds), failure)
        }
        (window, size) = (1, min(Self.firstSize, maximumChanges))
        // One more silence is enough to pause again.
        silences = Self.patience - 1
    }

    /// Why nothing may be sent now; nil: something may.
    func objection(now: ContinuousClock.Instant) -> UpdateFailure? {
        pause.flatMap { now < $0.until ? $0.failure : nil }
    }
}
