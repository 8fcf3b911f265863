import TestSupport
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// `kill -9` of a real `issue` at every step of the journal, and what the next run makes of it. Scenario 62.
///
/// A debug build stops itself when the step that `DDNS_ACME_TEST_STOP_AT` names is in the journal, before its effect. It is
/// killed there, or after a moment in which it went on. `DDNS_ACME_TEST_CRASH_ROUNDS` (default 1) says how often each step is
/// hit; the table goes to standard output.
@Suite("kill -9 at every step of the journal: one certificate, no TXT left (DESIGN §6 rule 9)", .serialized)
struct CrashMatrixTests {
    static let steps = [
        "planned", "created", "published", "confirmed", "triggered", "validated", "finalized", "downloaded",
        "delivered",
    ]
    /// For how long the process goes on before it is killed, in milliseconds; nil: not at all.
    private static let delays: [Int?] = [nil, 3, 25]

    private static var rounds: Int {
        ProcessInfo.processInfo.environment["DDNS_ACME_TEST_CRASH_ROUNDS"].flatMap(Int.init) ?? 1
    }

    /// What one killed run and the run after it came to.
    struct Row {
        let step: String
        let delay: Int?
        /// The step in the journal when the process was gone.
        let journal: String
        /// Challenges in the zone at that moment.
        let leftover: Int
        /// After the next run.
        let orders: Int
        let certificates: Int
        let records: Int

        static let heading = "stopped at | on for | journal    | TXT then | orders | certificates | TXT after"

        var text: String {
            func column(_ text: String, _ width: Int) -> String {
                text + String(repeating: " ", count: max(0, width - text.count))
            }
            return [
                column(step, 10), column(delay.map { "\($0) ms" } ?? "-", 6), column(journal, 10),
                column("\(leftover)", 8),
                column("\(orders)", 6), column("\(certificates)", 12), "\(records)",
            ].joined(separator: " | ")
        }
    }

    @Test("after one more run there are one certificate, its pair, and no challenge, whatever the step")
    func matrix() async throws {
        var options = PebbleOptions()
        // So that there is a time in which the CA is at work.
        options.validatesAtOnce = false
        options.validationSleepSeconds = 1
        try await Fleet.with(options) { fleet in
            let site = try fleet.site()
            try await site.run("account", "create")
            var rows: [Row] = []
            for round in 0..<max(1, Self.rounds) {
                for (index, step) in Self.steps.enumerated() {
                    let delay = Self.delays[round % Self.delays.count]
                    rows.append(try await Self.crash("dev\(round)-\(index)", step, delay, site, fleet))
                }
            }
            print(([Row.heading] + rows.map(\.text)).joined(separator: "\n"))
            for row in rows {
                #expect(row.certificates == 1 && row.records == 0, "\(row.text)")
                // This CA does not hand a pending order out again, so an answer that was lost costs a second one. No other
                // step may.
                #expect(row.orders == 1 || row.orders == 2 && row.journal == "planned", "\(row.text)")
            }
            // Killed where it stopped, the journal says just that.
            for row in rows where row.delay == nil { #expect(row.journal == row.step, "\(row.text)") }
        }
    }

    private static func crash(
        _ device: String, _ step: String, _ delay: Int?, _ site: Site, _ fleet: Fleet
    ) async throws -> Row {
        let (orders, certificates) = (fleet.orderCount, fleet.certificateCount)
        let stop: [String: String?] = ["DDNS_ACME_TEST_STOP_AT": step]
        try await site.start(["issue", device, "--out", site.out], environment: stop) { process in
            try await process.waitForStop()
            if let delay {
                process.resume()
                try await Task.sleep(for: .milliseconds(delay))
            }
            try await process.kill9()
        }
        let journal = try await journalStep(of: device, site)
        let leftover = try await fleet.challenges().count
        let files = site.files(device)
        if files.exist { try await files.verifyPair() }
        try await site.issue(device)
        try await fleet.verify(files, names: ["\(device).\(Fleet.zone)"])
        #expect(try entries(site.out).filter { $0.hasPrefix(".") } == [], "\(step)")
        #expect(try await journalStep(of: device, site) == "delivered")
        return Row(
            step: step, delay: delay, journal: journal, leftover: leftover, orders: fleet.orderCount - orders,
            certificates: fleet.certificateCount - certificates, records: try await fleet.challenges().count)
    }

    /// The step of the device's latest order, read as nobody of ours would.
    private static func journalStep(of device: String, _ site: Site) async throws -> String {
        let script = """
            import glob, sqlite3, sys
            [path] = glob.glob(sys.argv[1] + "/*.sqlite")
            rows = sqlite3.connect(path).execute(
                "SELECT step FROM orders JOIN devices ON devices.id = device_id WHERE name LIKE ? ORDER BY orders.id DESC",
                (sys.argv[2] + ".%",)).fetchall()
            print(rows[0][0] if rows else "-")
            """
        return try await Peer.require(.python, ["-c", script, site.state, device]).lines.first ?? ""
    }
}
