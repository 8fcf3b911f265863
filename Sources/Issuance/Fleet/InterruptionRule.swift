/// What is made of attempts that were begun and came to no end, because the program was killed or died. One is a restart:
/// it is gone on with at once. Several in a row are a loop, of which the CA would have an order, or a validation, each time.
enum InterruptionRule {
    /// As often it is gone on with at once. After a pause one attempt shows whether it is over.
    private static let patience = 3

    /// - Parameters:
    ///   - count: attempts in a row without an end.
    ///   - failures: failures in a row before them, with or without an end.
    /// - Returns: why the next attempt has to wait; nil: it need not.
    static func reason(interruptions count: Int, failures: Int, device: String) -> IssuanceError? {
        guard count >= (failures == 0 ? patience : 1) else { return nil }
        return IssuanceError(
            .interrupted, "the server has ended \(count) times in a row while it was at work on \(device)",
            hints: [
                "look into the server's log, and the system's, for what ends it: a crash is a bug to be reported",
                "other devices go on; when the cause is gone: ddns-acme device resume \(device)",
            ], isTemporary: true)
    }
}
