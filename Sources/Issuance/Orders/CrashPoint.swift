import FleetStore
import FoundationEssentials
import Glibc

/// Where a test can stop this process to kill it: right after a step is in the journal. Only debug builds stop.
enum CrashPoint {
    /// The step, in the environment; unset: nowhere.
    static let variable = "DDNS_ACME_TEST_STOP_AT"

    static func reached(_ step: OrderRecord.Step) {
        #if DEBUG
        guard ProcessInfo.processInfo.environment[variable] == step.rawValue else { return }
        raise(SIGSTOP)
        #endif
    }
}
