import TestSupport
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

@Suite("ddns-acme serve: what a stolen device, a guesser and a broken client can do", .serialized)
struct AbuseTests {
    private static let name = "dev1.devices.example.com"

    @Test("each attempt gets its right status and problem type, and the others are served meanwhile")
    func attempts() async throws {
        try await Fleet.with { fleet in
            try await ControlServerProcess.with(fleet) { server in
                let credential = try await server.enroll("dev1", addresses: ["10.0.0.5"])
                try await addresses(server, credential)
                try await crowds(server, credential)
                try await requests(server, credential, fleet)
                try await tokens(server, credential, fleet)
                try await malformed(server, credential)
                #expect(try await fleet.named.values(Self.name, "A") == ["10.0.0.5"])
                #expect(fleet.orderCount == 0)
                let page = try await server.curl("GET", "/metrics")
                #expect(page.status == 200 && page.body.contains("ddns_acme_devices{state=\"active\"} 6\n"))
                #expect(!page.body.contains("dev1"))
            }
        }
    }

    @Test("two devices with one credential are noticed: a line in the audit log and a counter, and both are served")
    func sharedCredential() async throws {
        try await Fleet.with { fleet in
            try await ControlServerProcess.with(fleet) { server in
                let credential = try await server.enroll("dev1")
                for round in 1...6 {
                    let address = round.isMultiple(of: 2) ? "10.0.0.2" : "10.0.0.1"
                    #expect(try await server.checkIn(credential, [address]).status == 200)
                }
                let noticed = try await server.audit().filter { $0.contains("credential.shared") }
                #expect(
                    noticed == [
                        "server credential.shared \(Self.name) 127.0.0.1 10.0.0.1 from 127.0.0.1 and 10.0.0.2 from "
                            + "127.0.0.1 take turns"
                    ])
                let page = try await server.curl("GET", "/metrics")
                #expect(page.body.contains("\nddns_acme_shared_credentials_total 1\n"))
                // One device that moves on and on is none of that.
                let mover = try await server.enroll("dev2")
                for round in 1...8 { #expect(try await server.checkIn(mover, ["10.0.1.\(round)"]).status == 200) }
                #expect(try await server.audit().filter { $0.contains("credential.shared") } == noticed)
            }
        }
    }

    @Test("a jump of the server's clock costs nothing but what really is over, and DNS follows when it is back")
    func clockJump() async throws {
        try await Fleet.with { fleet in
            let library = try #require(
                FileManager.default.contentsOfDirectory(atPath: "/usr/lib").map {
                    "/usr/lib/\($0)/faketime/libfaketimeMT.so.1"
                }
                .first { FileManager.default.fileExists(atPath: $0) }, "libfaketime is needed by this test")
            let clock = try fleet.folder.write("+0s\n", to: "clock")
            let site = try fleet.site("control") { $0.more = "server: { listen: \"127.0.0.1:0\", tls: self }" }
            let environment = [
                "LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": clock, "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            ]
            try await ControlServerProcess.with(site, root: nil, environment: environment) { server in
                let credential = try await server.enroll("dev1", addresses: ["10.0.0.5"])
                let token = try await server.token("--name", "dev2")
                for jump in ["+26h", "-26h"] {
                    try fleet.folder.write(jump + "\n", to: "clock")
                    // Nothing to be written: served as ever. Something to be written: BIND refuses the time of the
                    // signature, so the wish is kept.
                    #expect(try await server.checkIn(credential, ["10.0.0.5"]).status == 200)
                    let moved = try await server.checkIn(credential, ["10.0.0.6"])
                    #expect(moved.status == 200 && moved.body.contains("\"addresses\":[\"10.0.0.5\"]"), "\(moved)")
                    if jump == "+26h" {
                        try await server.curl("POST", "/v1/enroll", credential: token, json: "{}")
                            .expectProblem(401, "token-expired")
                    }
                    try fleet.folder.write("+0s\n", to: "clock")
                    // What repeats itself would find it as well, but libfaketime sets the clock of all timers back, too.
                    // As the device asks again: the wish was kept, and nothing stands in its way any more.
                    #expect(try await server.checkIn(credential, ["10.0.0.6"]).body.contains("10.0.0.6"))
                    #expect(try await fleet.named.values(Self.name, "A") == ["10.0.0.6"])
                    let back = try await server.checkIn(credential, ["10.0.0.5"])
                    #expect(back.status == 200 && back.body.contains("\"addresses\":[\"10.0.0.5\"]"), "\(back)")
                }
                #expect(try await server.curl("POST", "/v1/enroll", credential: token, json: "{}").status == 201)
            }
        }
    }

    private func addresses(_ server: ControlServerProcess, _ credential: String) async throws {
        for (address, status, type) in [
            ("8.8.8.8", 403, "address-not-allowed"), ("127.0.0.1", 400, "bad-address"), ("::1", 400, "bad-address"),
            ("0.0.0.0", 400, "bad-address"), ("::ffff:10.0.0.1", 400, "bad-address"), ("010.0.0.1", 400, "bad-address"),
            ("10.0.0.1%eth0", 400, "bad-address"), ("2001:db8::1", 403, "address-not-allowed"),
            ("", 400, "bad-address"),
            ("10.0.0.1 10.0.0.2", 400, "bad-address"), ("169.254.169.254", 403, "address-not-allowed"),
        ] {
            try await server.checkIn(credential, [address]).expectProblem(status, type)
        }
    }

    private func crowds(_ server: ControlServerProcess, _ credential: String) async throws {
        let many = (1...17).map { "10.1.0.\($0)" }
        try await server.checkIn(credential, many).expectProblem(400, "bad-address")
        #expect(try await server.checkIn(credential, Array(many.prefix(16))).status == 200)
        #expect(try await server.checkIn(credential, ["10.0.0.5"]).status == 200)
    }

    private func requests(_ server: ControlServerProcess, _ credential: String, _ fleet: Fleet) async throws {
        for (names, type) in [
            ("DNS:dev2.devices.example.com", "bad-csr"), ("DNS:\(Self.name),DNS:dev2.devices.example.com", "bad-csr"),
            ("DNS:\(Self.name),IP:10.0.0.5", "bad-csr"), ("DNS:*.devices.example.com", "bad-csr"),
            ("DNS:devices.example.com", "bad-csr"), ("email:a@\(Self.name)", "bad-csr"),
        ] {
            let csr = fleet.folder.path("bad.csr")
            try await Peer.require(
                .openssl,
                [
                    "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                    fleet.folder.path("bad.key"), "-subj", "/", "-addext", "subjectAltName=\(names)", "-out", csr,
                ])
            try await server.curl(
                "POST", "/v1/certificate", credential: credential, json: nil, "-H",
                "Content-Type: application/x-pem-file", "--data-binary", "@" + csr
            ).expectProblem(400, type)
        }
        for body in [
            "", "garbage", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n", "0",
        ] {
            try await server.curl(
                "POST", "/v1/certificate", credential: credential, json: nil, "-H",
                "Content-Type: application/pkcs10", "--data-binary", body
            ).expectProblem(400, "bad-csr")
        }
        try await server.curl(
            "POST", "/v1/certificate", credential: credential, json: "{}"
        ).expectProblem(415, "unsupported-media-type")
        try await server.curl("GET", "/v1/certificate", credential: credential).expectProblem(404, "not-found")
        // A wildcard would be good for the names of those below.
        let above = try await server.enroll("above")
        _ = try await server.enroll("below.above.devices.example.com")
        let csr = fleet.folder.path("wildcard.csr")
        let name = "above.devices.example.com"
        try await Peer.require(
            .openssl,
            [
                "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                fleet.folder.path("wildcard.key"), "-subj", "/", "-addext",
                "subjectAltName=DNS:\(name),DNS:*.\(name)", "-out", csr,
            ])
        try await server.curl(
            "POST", "/v1/certificate", credential: above, json: nil, "-H",
            "Content-Type: application/x-pem-file", "--data-binary", "@" + csr
        ).expectProblem(400, "bad-csr")
    }

    private func tokens(_ server: ControlServerProcess, _ credential: String, _ fleet: Fleet) async throws {
        let enrollment = try await server.token("--name", "shop-*", "--uses", "2")
        try await server.curl("POST", "/v1/enroll", credential: enrollment, json: #"{"name":"dev1"}"#)
            .expectProblem(403, "name-not-allowed")
        // A device that is enrolled is not taken over by a token for many names.
        let open = try await server.token()
        try await server.curl("POST", "/v1/enroll", credential: open, json: #"{"name":"dev1"}"#)
            .expectProblem(409, "name-in-use")
        let used = try await server.curl("POST", "/v1/enroll", credential: open, json: "{}")
        #expect(used.status == 201)
        try await server.curl("POST", "/v1/enroll", credential: open, json: "{}").expectProblem(401, "token-used-up")
        // Each kind opens its own doors only.
        for path in ["/v1/devices", "/v1/devices/dev1", "/v1/tokens"] {
            try await server.curl("GET", path, credential: credential).expectProblem(403, "forbidden")
            try await server.curl("GET", path, credential: enrollment).expectProblem(403, "forbidden")
            try await server.curl("GET", path).expectProblem(401, "unauthorized")
        }
        try await server.curl("POST", "/v1/check-in", credential: enrollment, json: #"{"addresses":[]}"#)
            .expectProblem(403, "forbidden")
        let limited = try await server.token("--role", "issue", "--name", "shop-*")
        try await server.curl("GET", "/v1/devices/dev1", credential: limited).expectProblem(403, "name-not-allowed")
        try await server.curl("GET", "/v1/devices", credential: limited).expectProblem(403, "forbidden")
        try await server.curl("POST", "/v1/devices/shop-1/suspend", credential: limited).expectProblem(403, "forbidden")
        // One that is revoked is worth nothing at once.
        let list = try await server.site.run("token", "list", "--json")
        let last = try #require(list.lines.last)
        let id = try #require(last.firstMatch(of: /"id":"(\d+)"/)?.output.1)
        #expect(try await server.site.run("token", "revoke", String(id)).succeeded)
        try await server.curl("GET", "/v1/devices/shop-1", credential: limited).expectProblem(401, "unauthorized")

        try await server.curl(
            "POST", "/v1/check-in", credential: credential, json: #"{"addresses":["10.0.0.5"]}"#, "-H",
            "Authorization: Bearer x"
        ).expectProblem(401, "unauthorized")
        // A token that was never ours, one that is over, and one that was revoked.
        let stranger = try fleet.site("stranger")
        let foreign = try #require(try await stranger.run("token", "create", "--uses", "9").lines.first)
        try await server.curl("POST", "/v1/enroll", credential: foreign, json: "{}").expectProblem(401, "unauthorized")
        let short = try await server.token("--name", "late", "--expires", "1s")
        let end = ContinuousClock.now + .milliseconds(1_100)
        try await poll("the token's time to be over") { ContinuousClock.now > end ? true : nil }
        try await server.curl("POST", "/v1/enroll", credential: short, json: "{}").expectProblem(401, "token-expired")
        let spare = try await server.token("--name", "spare")
        let number = try #require(
            try await server.site.run("token", "list", "--json").lines.last?.firstMatch(of: /"id":"(\d+)"/)?.output.1)
        #expect(try await server.site.run("token", "revoke", String(number)).succeeded)
        try await server.curl("POST", "/v1/enroll", credential: spare, json: "{}").expectProblem(401, "unauthorized")

        // A device does not get a new allowance with each new credential, and not many of those either.
        var (rotating, rotations) = (try await server.enroll("spinner"), 0)
        while let answer = try await server.curl("POST", "/v1/credential", credential: rotating).body
            .firstMatch(of: /"credential":"([^"]+)"/)?.output.1
        {
            (rotating, rotations) = (String(answer), rotations + 1)
        }
        #expect(rotations == 10)
        try await server.curl("POST", "/v1/credential", credential: rotating).expectProblem(429, "rate-limited")

        // Guessing: refused as what it is, then slowed down; who has a good credential does not notice.
        let guess = String(credential.dropLast(6)) + "AAAAAA"
        var statuses: Set<Int> = []
        for _ in 1...30 { statuses.insert(try await server.curl("GET", "/v1/certificate", credential: guess).status) }
        #expect(statuses == [401, 429])
        #expect(try await server.checkIn(credential, ["10.0.0.5"]).status == 200)
        // Also with what looks like a token; and whoever shares the guesser's address may enroll meanwhile.
        try await server.curl("POST", "/v1/enroll", credential: foreign, json: "{}").expectProblem(429, "rate-limited")
        _ = try await server.enroll("neighbour")
        // Nor does a flood of requests that need no credential hold anybody up.
        // On one connection, so that it outruns what is earned back meanwhile wherever the test runs.
        let request = "GET /none HTTP/1.1\r\nHost: x\r\n"
        let flood = String(repeating: request + "\r\n", count: 2_000) + request + "Connection: close\r\n\r\n"
        let flooded = try await RawHTTP.send([flood], port: server.port)
        let answers = flooded.flatMap { $0.answer.matches(of: /HTTP\/1\.1 (\d+)/).map { String($0.output.1) } }
        #expect(answers.count == 2_001)
        #expect(Set(answers) == ["404", "429"])
        #expect(try await server.checkIn(credential, ["10.0.0.5"]).status == 200)
    }

    private func malformed(_ server: ControlServerProcess, _ credential: String) async throws {
        for body in [
            "", "{", "[]", "null", "{\"addresses\":{}}", "{\"addresses\":[1]}", "{}", "\u{0}", "{\"addresses\":null}",
        ] {
            try await server.curl("POST", "/v1/check-in", credential: credential, json: body)
                .expectProblem(400, "malformed")
        }
        let deep = String(repeating: "[", count: 30_000)
        try await server.curl("POST", "/v1/check-in", credential: credential, json: deep).expectProblem(
            400, "malformed")
        let huge = server.site.path + "/huge"
        try await Peer.require(.openssl, ["rand", "-out", huge, "10485760"])
        try await server.curl(
            "POST", "/v1/check-in", credential: credential, json: "@" + huge
        ).expectProblem(413, "too-large")
        try await server.curl(
            "POST", "/v1/check-in", credential: credential, json: "@" + huge, "-H", "Transfer-Encoding: chunked"
        ).expectProblem(413, "too-large")
        for path in ["/v1/devices/../check-in", "/v1//check-in", "/v1/check-in/", "/v2/check-in", "/%2e%2e/metrics"] {
            try await server.curl("POST", path, credential: credential, json: "{}", "--path-as-is")
                .expectProblem(404, "not-found")
        }
        let wrong = try await server.curl("PATCH", "/v1/check-in", credential: credential)
        try wrong.expectProblem(405, "method-not-allowed")
        #expect(wrong.fields["allow"] == "POST")
        let injected = try await server.curl(
            "POST", "/v1/check-in", credential: credential, json: #"{"addresses":["10.0.0.5\r\nX-Evil: 1"]}"#)
        try injected.expectProblem(400, "bad-address")
        #expect(injected.fields["x-evil"] == nil)
    }
}
