import Glibc
import TestSupport
import Testing

@Suite("Standard output and error as other programs find them", .serialized)
struct TerminalTests {
    @Test(
        "a reader that has gone away, a full disk behind standard output, descriptors that are closed: the certificate is there"
    )
    func closedDescriptors() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            let endings: [(shell: String, code: Int32, evidence: String)] = [
                ("\"$@\" | head -c 0; exit ${PIPESTATUS[0]}", 73, ""), ("exec \"$@\" >/dev/full", 73, "No space left"),
                ("exec \"$@\" >&-", 73, "standard output"), ("exec \"$@\" 2>&-", 0, ""),
                ("exec \"$@\" 2>/dev/full", 0, ""),
                ("exec \"$@\" <&-", 0, ""), ("exec \"$@\" <&- >&- 2>&-", 73, ""),
            ]
            for (index, ending) in endings.enumerated() {
                let device = "dev\(index)"
                let output = try await site.run(
                    path: "/bin/bash", ["-c", ending.shell, "bash", Site.program, "issue", device, "--out", site.out])
                #expect(output.exitCode == ending.code, "\(ending.shell): \(output)")
                let isSaid = ending.evidence.isEmpty || output.standardError.contains(ending.evidence)
                #expect(isSaid, "\(ending.shell): \(output)")
                try await fleet.verify(site.files(device), names: ["\(device).\(Fleet.zone)"])
                #expect(try await site.issue(device).status == "unchanged", "\(ending.shell)")
            }
            #expect(try await fleet.challenges() == [])
        }
    }

    @Test("on a terminal the step is shown with its time on one line; with NO_COLOR or TERM=dumb there is no colour")
    func terminal() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            let script = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)"
            func onTerminal(_ arguments: [String], _ environment: [String: String?]) async throws -> Peer.Output {
                try await site.run(
                    path: Tool.python.path(), ["-c", script, Site.program] + arguments, environment: environment)
            }
            let shown = try await onTerminal(["issue", "dev1", "--out", site.out], ["TERM": "xterm"])
            #expect(shown.exitCode == 0 && shown.standardOutput.contains("\r\u{1B}[K"), "\(shown)")
            #expect(
                shown.standardOutput.contains(" s in all)")
                    && shown.standardOutput.contains("dev1.\(Fleet.zone): issued"))
            let red = "\u{1B}[31m"
            #expect(try await onTerminal(["issue", "@"], ["TERM": "xterm"]).standardOutput.contains(red))
            for environment in [["TERM": "xterm", "NO_COLOR": "1"], ["TERM": "dumb"]] as [[String: String?]] {
                let plain = try await onTerminal(["issue", "@"], environment)
                #expect(plain.exitCode == 65 && plain.standardOutput.contains("ddns-acme: error: "), "\(plain)")
                #expect(!plain.standardOutput.contains(red))
            }
        }
    }

    @Test("--verbose shows what is sent and received, and no secret")
    func verbose() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            let output = try await site.run("issue", "dev1", "--out", site.out, "--verbose", "--json")
            #expect(output.succeeded && output.lines.count == 1)
            #expect(output.standardError.contains("/order-plz") || output.standardError.contains("/dir"), "\(output)")
            let roll = try await site.run("account", "roll-key", "--verbose", "--json")
            #expect(roll.succeeded && roll.lines.count == 1)
        }
    }

    @Test("a result that cannot be written ends with 73 and the system's reason", arguments: [">&-", ">/dev/full"])
    func closedOutput(redirection: String) async throws {
        let output = try await Peer.run(path: "/bin/sh", ["-c", "exec \(Site.program) --version \(redirection)"])
        output.expectFailure(73, "cannot be written to standard output")
        if redirection == ">/dev/full" { output.expectFailure(73, "No space left on device") }
    }

    @Test("--version, --help and completions go to standard output with exit code 0")
    func answers() async throws {
        for (arguments, text) in [
            (["--version"], "ddns-acme "), (["--help"], "USAGE"), (["help", "issue"], "--wildcard"),
            (["issue", "--help"], "--wildcard"),
            (["--generate-completion-script", "bash"], "complete"), (["account"], "roll-key"),
        ] {
            let output = try await Peer.run(path: Site.program, arguments)
            #expect(
                output.exitCode == 0 && output.standardOutput.contains(text) && output.standardError.isEmpty,
                "\(output)")
        }
    }
}
