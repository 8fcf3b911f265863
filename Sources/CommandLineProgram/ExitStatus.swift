/// The exit statuses of the contract (DESIGN §3), which are those of sysexits.h.
package enum ExitStatus: Int32, Sendable {
    case done = 0
    case usage = 64
    /// A CSR, name, address, token or file that cannot be used.
    case badInput = 65
    /// BIND, the CA or the control server cannot be reached or does not work.
    case unavailable = 69
    /// A bug of ours.
    case internalError = 70
    /// A file or the state directory cannot be written.
    case cannotWrite = 73
    /// The same command may succeed later.
    case temporary = 75
    /// Policy, credentials, TSIG or CAA forbid it.
    case refused = 77
    case configuration = 78
}
