import FoundationEssentials
import Glibc

/// What the kernel counts of a process while it runs.
struct ProcessFigures: Sendable {
    let processID: pid_t

    static let own = ProcessFigures(processID: getpid())

    /// Bytes resident now.
    var resident: Int { status("VmRSS:") }

    /// Bytes resident at the most. What `wait4` says of it begins with the memory of whoever started the process, so that
    /// every program would seem to need as much as this one.
    var peak: Int { status("VmHWM:") }

    /// Seconds of processor time so far, in the kernel and outside.
    var processorTime: Double {
        let text = Machine.text("/proc/\(processID)/stat")
        // The name, in parentheses, may hold anything.
        guard let end = text.lastIndex(of: ")") else { return 0 }
        let fields = text[end...].split(separator: " ").compactMap { Double($0) }
        // utime and stime, the 14th and 15th; the state between name and numbers is none.
        return fields.count > 11 ? (fields[10] + fields[11]) / Double(sysconf(Int32(_SC_CLK_TCK))) : 0
    }

    /// Waits until it does next to nothing: what a server does at its start is not what is measured afterwards.
    func settle(within limit: Duration = .seconds(600)) async throws {
        let deadline = ContinuousClock.now + limit
        var last = processorTime
        while ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(400))
            let now = processorTime
            if now - last < 0.02 { return }
            last = now
        }
        throw BenchFailure("process \(processID) does not come to rest")
    }

    private func status(_ name: String) -> Int {
        let line = Machine.text("/proc/\(processID)/status").split(separator: "\n").first { $0.hasPrefix(name) } ?? ""
        return (line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) } ?? 0) * 1_024
    }
}

extension ChildProcess {
    var figures: ProcessFigures { ProcessFigures(processID: processID) }

    /// Runs a program to its end; one of other exit codes is a failure.
    ///
    /// - Returns: how long it took, to a few milliseconds, and the bytes that it had resident at the most.
    static func runWatchingMemory(
        _ arguments: [String], log: String
    ) throws -> (duration: Duration, peak: Int) {
        let start = ContinuousClock.now
        let child = try ChildProcess.start(arguments, log: log)
        var peak = 0
        var info = siginfo_t()
        // Its memory is gone when it has ended: looked at until then.
        while true {
            peak = max(peak, child.figures.peak)
            info.si_signo = 0
            guard waitid(P_PID, id_t(child.processID), &info, WEXITED | WNOHANG | WNOWAIT) == 0 else { break }
            if info.si_signo != 0 { break }
            usleep(4_000)
        }
        let duration = ContinuousClock.now - start
        let ending = try child.wait()
        guard ending.status == 0 else { throw child.failure("ended with \(ending.status)") }
        return (duration, peak)
    }
}
