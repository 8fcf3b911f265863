import TestSupport
import Testing

@Suite(
    "A directory that cannot be written, a disk that is full: exit code 73, nothing half-written, no order", .serialized
)
struct DiskTests {
    /// Runs the program in a mount namespace of its own, where `preparation` (a shell script) has been at work.
    private static func run(_ site: Site, after preparation: String, _ arguments: [String]) async throws -> Peer.Output
    {
        try await site.run(
            path: "/usr/bin/unshare",
            ["--map-root-user", "--mount", "/bin/sh", "-ec", preparation + "\nexec \"$@\"", "sh", Site.program]
                + arguments)
    }

    @Test("the state directory: missing parent, a file, read-only, open to others, full")
    func state() async throws {
        try await Fleet.with { fleet in
            let parentless = try fleet.site("parentless") { $0.stateDirectory = "/nonexistent/state" }
            try await parentless.run("issue", "dev1", "--out", parentless.out).expectFailure(73, "/nonexistent")
            let file = try fleet.site("file") { $0.stateDirectory = "/etc/hostname" }
            try await file.run("issue", "dev1", "--out", file.out).expectFailure(73, "/etc/hostname")
            let site = try fleet.site()
            let mount = "mkdir -p \(site.state); mount -t tmpfs -o"
            try await Self.run(
                site, after: "\(mount) ro,mode=700 tmpfs \(site.state)", ["issue", "dev1", "--out", site.out]
            )
            .expectFailure(73, "hint: mount the file system for writing")
            try await Self.run(
                site, after: "\(mount) mode=777 tmpfs \(site.state)", ["issue", "dev1", "--out", site.out]
            )
            .expectFailure(73, site.state)
            let fill = "dd if=/dev/zero of=\(site.state)/filler bs=4k 2>/dev/null || true"
            try await Self.run(
                site, after: "\(mount) size=64k,mode=700 tmpfs \(site.state); \(fill)",
                ["issue", "dev1", "--out", site.out]
            ).expectFailure(73, site.state)
            let check = try await Self.run(
                site, after: "\(mount) size=64k,mode=700 tmpfs \(site.state); \(fill)", ["check"])
            #expect(check.exitCode == 73 && check.standardOutput.contains("FAILED state"), "\(check)")
            // The database is there already when the disk fills up.
            let late = try await Self.run(
                site,
                after: "\(mount) size=1m,mode=700 tmpfs \(site.state); \"$1\" token list; \(fill)", ["check"])
            #expect(late.exitCode == 73 && late.standardOutput.contains("FAILED state"), "\(late)")
            #expect(fleet.orderCount == 0)
            #expect(try await fleet.challenges() == [])
        }
    }

    @Test(
        "the state directory is full in the middle of a fleet: the run fails, no challenge is left, and with space it goes on"
    )
    func fillingUp() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            // Enough for the tables, little for what is written into them.
            let script = """
                mkdir -p \(site.state); mount -t tmpfs -o size=320k,mode=700 tmpfs \(site.state)
                for number in $(seq 60); do
                    "$1" issue dev$number --out \(site.out) 2>\(site.path)/log || break
                done
                code=$?
                cat \(site.path)/log >&2
                rm -f \(site.state)/filler
                exit $code
                """
            let output = try await site.run(
                path: "/usr/bin/unshare",
                [
                    "--map-root-user", "--mount", "/bin/sh", "-c", script.replacing("code=$?", with: "code=1"), "sh",
                    Site.program,
                ])
            #expect(output.standardError.contains("full") || output.standardError.contains("space"), "\(output)")
            #expect(try await fleet.challenges() == [])
        }
    }

    @Test("the output directory: a file, read-only, full; the present pair stays, and no order is made")
    func out() async throws {
        try await Fleet.with { fleet in
            let site = try fleet.site()
            try await site.run("issue", "dev1", "--out", "/etc/hostname").expectFailure(73, "/etc/hostname")
            try await site.run("issue", "dev1", "--out", "/proc/nowhere").expectFailure(73, "/proc/nowhere")
            let mount = "mkdir -p \(site.out); mount -t tmpfs -o"
            try await Self.run(site, after: "\(mount) ro tmpfs \(site.out)", ["issue", "dev1", "--out", site.out])
                .expectFailure(73, site.out)
            let fill = "dd if=/dev/zero of=\(site.out)/filler bs=4k 2>/dev/null || true"
            try await Self.run(
                site, after: "\(mount) size=64k tmpfs \(site.out); \(fill)", ["issue", "dev1", "--out", site.out]
            )
            .expectFailure(73, site.out, "space")
            #expect(fleet.orderCount == 0)

            // A pair is there already when the disk has filled up.
            let script = """
                \(mount) size=256k tmpfs \(site.out)
                "$1" issue dev1 --out \(site.out) >/dev/null 2>&1
                cat \(site.out)/dev1/* | cksum >\(site.path)/before
                \(fill)
                code=0; "$1" issue dev1 --force --out \(site.out) || code=$?
                cat \(site.out)/dev1/* | cksum | cmp - \(site.path)/before
                ls -A \(site.out)/dev1 >&2
                exit $code
                """
            let full = try await site.run(
                path: "/usr/bin/unshare", ["--map-root-user", "--mount", "/bin/sh", "-ec", script, "sh", Site.program])
            full.expectFailure(73, "space")
            #expect(full.standardError.hasSuffix("cert.pem\nchain.pem\nfullchain.pem\nprivkey.pem\n"), "\(full)")
            #expect(fleet.orderCount == 1)
            #expect(try await fleet.challenges() == [])
        }
    }
}
