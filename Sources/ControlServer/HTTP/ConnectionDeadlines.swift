import NIOCore

/// When a connection must have got how far. One timer serves all of it and is left alone as long as it comes early enough:
/// to cancel one and set another costs the loop a look at those of all its connections, for every request.
struct ConnectionDeadlines {
    /// The end of the next head.
    var head: NIODeadline?
    /// The end of the body.
    var body: NIODeadline?
    /// The kernel has the answer.
    var answer: NIODeadline?

    private var timer: (task: Scheduled<Void>, at: NIODeadline)?

    /// The earliest.
    var next: NIODeadline? { [head, body, answer].compactMap { $0 }.min() }

    /// Makes sure that `expired` is called no later than at the earliest of them; it may be called before.
    mutating func arm(on loop: any EventLoop, _ expired: @escaping () -> Void) {
        guard let next, timer.map({ next < $0.at }) ?? true else { return }
        timer?.task.cancel()
        timer = (loop.assumeIsolated().scheduleTask(deadline: next) { expired() }, next)
    }

    /// To be called first when `expired` is called.
    mutating func timerFired() { timer = nil }

    mutating func cancel() {
        timer?.task.cancel()
        self = ConnectionDeadlines()
    }
}
