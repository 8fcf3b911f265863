import TestSupport

/// A web server with a certificate that the operator trusts and answers that no CA should give.
enum UnkindCA {
    /// - Parameter behaviour: `garbage`, `page`, `unavailable`, `truncated`, `huge` or `silent`.
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
        import http.server, ssl, sys, time

        port, certificate, key, behaviour = int(sys.argv[1]), *sys.argv[2:]

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

            do_HEAD = do_POST = do_GET

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
