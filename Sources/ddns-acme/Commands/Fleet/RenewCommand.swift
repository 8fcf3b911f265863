import ArgumentParser
import CommandLineProgram
import ControlServer
import FleetAPI
import FleetStore
import FoundationEssentials
import Issuance

/// `ddns-acme renew <device>`, `ddns-acme renew --due`
struct RenewCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "renew",
        abstract: "Renew one device's certificate, or all that are due now.",
        discussion: """
            With the request that the device sent last; the device fetches the certificate at its next check-in. \
            Certificates whose key is in a folder here are renewed by ddns-acme issue. With --due one device's failure does \
            not stop the others; the exit code is the first one's.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var server: ServerOptions
    @Argument(help: "A label in the first zone (dev1) or a full name in any configured zone.") var device: String?
    @Flag(help: "All whose renewal instant has passed.") var due = false
    @Flag(help: "Although the present certificate is not due.") var force = false

    func validate() throws {
        guard (device == nil) == due else { throw ValidationError("name a device, or give --due") }
        guard !due || server.server == nil else {
            throw ValidationError("a control server renews by itself what is due")
        }
    }

    func run() async throws {
        let reporter = StepReporter()
        let attempts = try await reporter.whileShowing { try await renew(reporter) }
        for attempt in attempts {
            if common.json { try ResultPrinter.json(attempt.result) } else { print(attempt.result.text) }
        }
        if let failure = attempts.lazy.compactMap(\.failure).first { throw ExitCode(failure.rawValue) }
    }

    /// What has become of one device.
    private struct Attempt: Sendable {
        let result: RenewResult
        var failure: ExitStatus?
    }

    private func renew(_ reporter: StepReporter) async throws -> [Attempt] {
        if let device, let url = server.url {
            let result = try await server.withClient(url, role: "issue --name \(device)") {
                try await remotely(device, $0, $1)
            }
            return [Attempt(result: result)]
        }
        return try await OperatorContext.with(common) { context in
            if let device { return [Attempt(result: try await locally(device, context, reporter))] }
            return try await whatIsDue(context, reporter)
        }
    }

    private func remotely(_ device: String, _ client: FleetClient, _ token: SecretToken) async throws -> RenewResult {
        var request = IssueRequest(force: force ? true : nil)
        while true {
            switch try await client.issue(device, request, token: token, wait: 60) {
            case .done(let response):
                return RenewResult(response.name, response.issued ? "renewed" : "unchanged", response.certificate)
            case .pending(let pause):
                // Asked for once; from now on only looked at.
                request.force = nil
                try await Task.sleep(for: pause ?? .seconds(5))
            }
        }
    }

    private func locally(
        _ device: String, _ context: OperatorContext, _ reporter: StepReporter
    ) async throws -> RenewResult {
        let operations = FleetOperations(services: context.services)
        let request = IssueRequest(force: force ? true : nil)
        switch try await operations.issue(device, request, by: OperatorContext.requester) {
        case .done(let response): return RenewResult(response.name, "unchanged", response.certificate)
        case .pending(let device):
            guard let request = try await context.store.request(of: device.id) else {
                throw IssuanceError(.unknownDevice, "the request of \(device.name) is gone")
            }
            return try await workOff(request.deviceID, device.name, context, reporter)
        }
    }

    /// In the scheduler's order, as many at a time as the CA bears; quiet hours are for what goes on by itself.
    private func whatIsDue(_ context: OperatorContext, _ reporter: StepReporter) async throws -> [Attempt] {
        let services = context.services(ignoringQuietHours: true)
        try await services.renewals.pollWindows()
        _ = try await services.renewals.scheduleDue()
        try await services.work.refresh()
        return try await withThrowingTaskGroup(of: Attempt.self) { group in
            var results: [Attempt] = []
            var decision = services.work.next()
            while true {
                while case .start(let job) = decision {
                    group.addTask { try await renew(job.device, services, reporter) }
                    decision = services.work.next()
                }
                // When none is under way nothing changes by itself: what still waits is left for the next time.
                guard let result = try await group.next() else { break }
                results.append(result)
                decision = services.work.next()
            }
            let waiting = services.work.load.waiting
            if waiting > 0 {
                var until = "later"
                if case .wait(let instant?) = decision { until = "after \(instant.formatted(.iso8601))" }
                Terminal.standard.note("\(waiting) more wait for the CA: run it again \(until)")
            }
            return results
        }
    }

    private func renew(
        _ device: Device.ID, _ services: FleetServices, _ reporter: StepReporter
    ) async throws -> Attempt {
        let name = try await services.store.device(device)?.name ?? "device \(device)"
        let outcome = try await services.worker.workOff(device, progress: { reporter.report($0) })
        services.work.finished(device, services.work.outcome(outcome, of: device))
        switch outcome {
        case .issued(let record): return Attempt(result: RenewResult(name, "renewed", DeviceCertificate(record)))
        case .skipped: return Attempt(result: RenewResult(name, "left to another process", nil))
        case .failed(let error, _):
            // One device's failure is its own; its next attempt is noted. The exit code says that there was one.
            let report = FailureReport(error)
            Terminal.standard.error("\(name): \(report.message)")
            for hint in report.hints { Terminal.standard.hint(hint) }
            return Attempt(result: RenewResult(name, "failed", nil), failure: report.status)
        }
    }

    private func workOff(
        _ device: Device.ID, _ name: String, _ context: OperatorContext, _ reporter: StepReporter
    ) async throws -> RenewResult {
        switch try await context.services.worker.workOff(device, progress: { reporter.report($0) }) {
        case .issued(let record): return RenewResult(name, "renewed", DeviceCertificate(record))
        case .failed(let error, _): throw error
        case .skipped: return RenewResult(name, "left to another process", nil)
        }
    }
}

/// What `renew` prints.
struct RenewResult: Encodable, Sendable {
    let device: String
    let status: String
    let certificate: DeviceCertificate?

    init(_ device: String, _ status: String, _ certificate: DeviceCertificate?) {
        self.device = device
        self.status = status
        self.certificate = certificate
    }

    var text: String {
        "\(device): \(status)" + (certificate.map { "; valid until \($0.notAfter)" } ?? "")
    }
}
