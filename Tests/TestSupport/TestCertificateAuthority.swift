/// A CA and a server certificate for 127.0.0.1, ::1 and localhost, made by `openssl` for one test.
package struct TestCertificateAuthority: Sendable {
    /// PEM: the root, the server's certificate and its key.
    package let rootFile: String
    package let certificateFile: String
    package let keyFile: String

    /// Writes `ca.pem`, `cert.pem` and `key.pem` into a folder of `directory`.
    package static func make(
        in directory: TemporaryDirectory, below folder: String
    ) async throws -> TestCertificateAuthority {
        let configuration = try directory.write(
            """
            [req]
            distinguished_name = name
            prompt = no
            [name]
            CN = ddns-acme test
            [ca]
            basicConstraints = critical, CA:TRUE
            keyUsage = critical, keyCertSign, cRLSign
            subjectKeyIdentifier = hash
            [server]
            basicConstraints = critical, CA:FALSE
            keyUsage = critical, digitalSignature
            extendedKeyUsage = serverAuth
            subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1

            """, to: "\(folder)/openssl.cnf")
        let files = ["ca.pem", "ca.key", "cert.pem", "key.pem"].map { directory.path("\(folder)/\($0)") }
        let request = [
            "req", "-x509", "-config", configuration, "-days", "30", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:prime256v1", "-nodes",
        ]
        try await Peer.require(
            .openssl,
            request + ["-extensions", "ca", "-subj", "/CN=ddns-acme test CA", "-out", files[0], "-keyout", files[1]])
        try await Peer.require(
            .openssl,
            request + [
                "-extensions", "server", "-CA", files[0], "-CAkey", files[1], "-out", files[2], "-keyout", files[3],
            ])
        return TestCertificateAuthority(rootFile: files[0], certificateFile: files[2], keyFile: files[3])
    }
}
