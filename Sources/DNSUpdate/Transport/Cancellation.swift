/// What cancellation of the calling task does to a request.
package enum Cancellation: Sendable {
    /// A cancelled task starts nothing new. An UPDATE that was sent is still waited for until its deadline, because its
    /// outcome has to be known; a look-up is abandoned at once.
    case obeyed
    /// The request is made although the task is cancelled: for clean-up, which has to run exactly then.
    case ignored

    /// Whether the current task must not begin anything.
    var stopsNow: Bool { self == .obeyed && Task.isCancelled }
}
