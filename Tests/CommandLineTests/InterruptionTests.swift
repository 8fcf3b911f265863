import Glibc
import TestSupport
import Testing

@Suite("Stopped at any step: no TXT left, the pair whole, one certificate (DESIGN §6 rule 9)", .serialized)
struct InterruptionTests {
    /// What the command says it is at.
    private static let steps = [
        "looking up the account", "ordering a certificate", "publishing the challenge", "waiting until every",
        "waiting for the CA", "withdrawing", "finalizing", "fetching", "writing",
    ]

    private static var options: PebbleOptions {
        var options = PebbleOptions()
        // So that there is a time in which the CA is at work.
        options.validatesAtOnce = false
        options.validationSleepSeconds = 1
        return options
    }

    @Test(
        "Ctrl-C, SIGTERM, a terminal that is gone: the challenge is withdrawn at once; the next run ends in the one certificate",
        arguments: [SIGINT, SIGTERM, SIGHUP])
    func politely(signal: Int32) async throws {
        try await Fleet.with(Self.options) { fleet in
            let site = try fleet.site()
            try await site.run("account", "create")
            // All signals take the same way; some steps show that for the others.
            let steps = signal == SIGINT ? Self.steps : Self.steps.filter { $0.hasPrefix("waiting") }
            for (index, step) in steps.enumerated() {
                let device = "dev\(index)"
                let (orders, certificates) = (fleet.orderCount, fleet.certificateCount)
                try await site.start(["issue", device, "--out", site.out]) { process in
                    try await process.waitForLog(step)
                    process.signal(signal)
                    let code = try await process.waitForEnd()
                    // At the last steps the work may be done before the signal arrives.
                    #expect(
                        code == 128 + signal || code == 0 && site.files(device).exist, "\(step): \(process.logText)")
                }
                #expect(try await fleet.challenges() == [], "\(step)")
                try await site.issue(device)
                #expect(fleet.certificateCount - certificates == 1, "\(step)")
                #expect(fleet.orderCount - orders == 1 || step.hasPrefix("ordering"), "\(step)")
                try await fleet.verify(site.files(device), names: ["\(device).\(Fleet.zone)"])
            }
        }
    }

    @Test("kill -9 while another device is issued next: that run takes back what was left, too")
    func sweep() async throws {
        try await Fleet.with { fleet in
            let secondary = try LoopbackPort.reserve()
            // A server that never shows the challenge: the run stays at that step.
            let stuck = try fleet.site { $0.zones[0].servers = [fleet.named.port, secondary] }
            try await stuck.start(["issue", "dev1", "--wildcard", "--out", stuck.out]) { process in
                try await process.waitForLog("waiting for 127.0.0.1:\(secondary)")
                #expect(try await fleet.challenges().count == 2)
                try await process.kill9()
            }
            #expect(try await fleet.challenges().count == 2)
            let site = try fleet.site()
            try await site.issue("dev2")
            #expect(try await fleet.challenges() == [])
        }
    }

    @Test("a renewal that is killed leaves the old pair or the new one, never a mixture")
    func pair() async throws {
        try await Fleet.with(Self.options) { fleet in
            let site = try fleet.site()
            let files = site.files("dev1")
            try await site.issue("dev1")
            for step in Self.steps {
                let before = try await files.serial()
                let certificates = fleet.certificateCount
                try await site.start(["issue", "dev1", "--force", "--out", site.out]) { process in
                    try await process.waitForLog(step)
                    try await process.kill9()
                }
                try await files.verifyPair()
                let wasReplaced = try await files.serial() != before
                try await site.issue("dev1", "--force")
                try await fleet.verify(files, names: ["dev1.\(Fleet.zone)"])
                let count = fleet.certificateCount - certificates
                #expect(count == 1 || wasReplaced && count == 2, "\(step): \(count) certificates")
            }
            #expect(try await fleet.challenges() == [])
        }
    }

    @Test(
        "Ctrl-C while BIND hangs: it says what remains and ends; a second one ends it at once; the next run cleans up")
    func twice() async throws {
        try await Fleet.with { fleet in
            let dead = try LoopbackPort.reserve()
            let site = try fleet.site { $0.zones[0].servers = [fleet.named.port, dead] }
            try await site.start(["issue", "dev1", "--out", site.out]) { process in
                try await process.waitForLog("waiting for 127.0.0.1:\(dead)")
                try await fleet.named.pause()
                process.signal(SIGINT)
                try await process.waitForLog("a second signal ends at once")
                process.signal(SIGINT)
                #expect(try await process.waitForEnd() == 130)
            }
            fleet.named.resume()
            let healthy = try fleet.site()
            try await healthy.issue("dev1")
            #expect(try await fleet.challenges() == [])
            #expect(fleet.certificateCount == 1)
        }
    }
}
