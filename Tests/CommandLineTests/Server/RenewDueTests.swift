import TestSupport
import Testing

@Suite("ddns-acme renew --due on a machine without a server")
struct RenewDueTests {
    @Test(
        "several devices, one of which fails: the others are renewed, the failure is named, and the exit code is its own"
    )
    func oneFails() async throws {
        try await Fleet.with(named: { configuration, key in
            configuration.zones[0].updatePolicy = "grant \"\(key.name)\" zonesub A AAAA TXT CNAME;"
        }) { fleet in
            var state = ""
            let devices = ["dev1", "dev2", "dev3"]
            try await ControlServerProcess.with(fleet) { server in
                state = server.site.state
                for device in devices {
                    let credential = try await server.enroll(device)
                    let csr = fleet.folder.path("\(device).csr")
                    try await Peer.require(
                        .openssl,
                        [
                            "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                            fleet.folder.path("\(device).key"), "-subj", "/", "-addext",
                            "subjectAltName=DNS:\(device).\(Fleet.zone)", "-out", csr,
                        ])
                    let answer = try await server.curl(
                        "POST", "/v1/certificate", credential: credential, json: nil, "-H", "Prefer: wait=60", "-H",
                        "Content-Type: application/x-pem-file", "--data-binary", "@" + csr)
                    #expect(answer.status == 200, "\(answer)")
                }
            }
            let site = try fleet.site { $0.stateDirectory = state }
            let nothing = try await site.run("renew", "--due")
            #expect(nothing.succeeded && nothing.standardOutput.isEmpty, "\(nothing)")
            // Their time has come, and the CA is not asked again when that is.
            let script = """
                import glob, sqlite3, sys
                [path] = glob.glob(sys.argv[1] + "/*.sqlite")
                store = sqlite3.connect(path)
                store.execute("UPDATE certificates SET renew_at = not_before_at + 1, poll_at = not_after_at WHERE is_current = 1")
                store.commit()
                """
            try await Peer.require(.python, ["-c", script, state])
            // A challenge that has to be in a zone that is none of ours.
            let update = try await fleet.named.nsupdate(
                "zone \(Fleet.zone)\nupdate add _acme-challenge.dev2.\(Fleet.zone). 60 CNAME dev2.elsewhere.test.\nsend\n",
                key: fleet.key)
            #expect(update.succeeded, "\(update)")
            let output = try await site.run("renew", "--due")
            #expect(output.exitCode != 0 && output.exitCode != 1 && output.exitCode != 70, "\(output)")
            #expect(output.lines.count == 3, "\(output)")
            for device in devices {
                let status = device == "dev2" ? "failed" : "renewed"
                #expect(output.lines.contains { $0.hasPrefix("\(device).\(Fleet.zone): \(status)") }, "\(output)")
            }
            #expect(output.standardError.contains("error: dev2.\(Fleet.zone): "))
            #expect(output.standardError.contains("hint: "))
            // What was renewed is not due any more, and what failed waits for its next attempt.
            let again = try await site.run("renew", "--due")
            #expect(again.succeeded && again.standardOutput.isEmpty, "\(again)")
        }
    }
}
