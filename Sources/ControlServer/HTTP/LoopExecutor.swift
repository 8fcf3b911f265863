import NIOCore

/// Runs tasks on a connection's event loop. Between the socket and the answer to a check-in there is nothing to wait for:
/// to go to the shared threads and back took as long as the answer itself.
final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) {
        self.loop = loop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
