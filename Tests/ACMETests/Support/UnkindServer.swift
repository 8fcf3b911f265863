import TestSupport

/// An HTTPS server (Python's) that answers as its paths say: what no CA should do, over real sockets.
struct UnkindServer {
    let port: Int
    /// The PEM file of the root behind the server's certificate.
    let rootFile: String
    let daemon: Daemon

    enum Mode: String {
        case https
        case plain
        /// Nothing newer than TLS 1.1.
        case oldTLS = "old-tls"
        /// A proxy: CONNECT to any host leads to the port given as `target`.
        case proxy
        /// A proxy that wants a password.
        case closedProxy = "closed-proxy"
    }

    /// - Parameter names: what the certificate is for, as OpenSSL writes it.
    static func with<Result: Sendable>(
        _ mode: Mode = .https, names: String = "IP:127.0.0.1", target: Int = 0,
        _ body: (UnkindServer) async throws -> Result
    ) async throws -> Result {
        try await TemporaryDirectory.with { folder in
            let tls = try await TestCertificateAuthority.make(in: folder, below: "tls")
            let (certificate, key) = (folder.path("server.pem"), folder.path("server.key"))
            let configuration = try folder.write(
                "[req]\ndistinguished_name = name\n[name]\n[server]\nsubjectAltName = \(names)\n", to: "server.cnf")
            try await Peer.require(
                .openssl,
                [
                    "req", "-x509", "-config", configuration, "-extensions", "server", "-subj", "/CN=server", "-days",
                    "9",
                    "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out",
                    certificate,
                    "-CA", tls.rootFile, "-CAkey", folder.path("tls/ca.key"),
                ])
            let port = try LoopbackPort.reserve()
            return try await Daemon.with(
                path: Tool.python.path(),
                arguments: [
                    "-u", "-c", script, mode.rawValue, "\(port)", certificate, key, "\(target)",
                ]
            ) { daemon in
                try await daemon.start()
                try await poll("the server to listen") { LoopbackPort.accepts(port) ? true : nil }
                return try await body(UnkindServer(port: port, rootFile: tls.rootFile, daemon: daemon))
            }
        }
    }

    private static let script = ##"""
        import socket, ssl, sys, threading, time
        mode, port, certificate, key, target = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4], int(sys.argv[5])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if mode == "old-tls":
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        context.load_cert_chain(certificate, key)

        def head(connection):
            data = b""
            while b"\r\n\r\n" not in data:
                more = connection.recv(65536)
                if not more: return None, b""
                data += more
            text, rest = data.split(b"\r\n\r\n", 1)
            return text.decode(), rest

        def answer(connection):
            text, rest = head(connection)
            if text is None: return False
            length = [int(l.split(":")[1]) for l in text.split("\r\n") if l.lower().startswith("content-length:")]
            while length and len(rest) < length[0]: rest += connection.recv(65536)
            path = text.split(" ")[1]
            print(text.split("\r\n")[0])
            send = connection.sendall
            if path == "/echo":
                body = (text + "\n\n" + rest.decode()).encode()
                send(b"HTTP/1.1 200 OK\r\nLink: <a>;rel=x\r\nLink: <b>;rel=x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
                return True
            elif path == "/redirect":
                send(b"HTTP/1.1 302 Found\r\nLocation: /echo\r\nContent-Length: 0\r\n\r\n")
                return True
            elif path == "/big": send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + (b"100000\r\n" + b"x" * 0x100000 + b"\r\n") * 3); time.sleep(3600)
            elif path == "/promise": send(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\nx"); time.sleep(3600)
            elif path == "/mid-body": send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nten bytes.")
            elif path == "/stall": time.sleep(3600)
            elif path == "/drip": send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx"); time.sleep(3600)
            elif path == "/garbage": send(b"220 mail.example.com ESMTP\r\n\r\n")
            return False

        def relay(source, sink):
            try:
                while data := source.recv(65536): sink.sendall(data)
                sink.shutdown(socket.SHUT_WR)
            except OSError: pass

        def serve(connection):
            try:
                if mode in ("https", "old-tls"): connection = context.wrap_socket(connection, server_side=True)
                if mode == "plain": connection.recv(65536); connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"); return
                if mode.endswith("proxy"):
                    text, _ = head(connection)
                    if text is None: return
                    print(text.replace("\r\n", "|"))
                    if mode == "closed-proxy" and "roxy-" not in text:
                        connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"); return
                    server = socket.create_connection(("127.0.0.1", target))
                    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                    threading.Thread(target=relay, args=(server, connection), daemon=True).start()
                    relay(connection, server)
                    return
                while answer(connection): pass
            except OSError: pass
            finally: connection.close()

        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port)); listener.listen(64)
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
        """##
}
