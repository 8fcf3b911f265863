import Glibc
import TestSupport
import Testing

@testable import ControlServer

@Suite("The server's certificate and where it listens: what is wrong is said before anybody connects")
struct CertificateHolderTests {
    private func failure(_ chain: String, _ key: String) -> ServerStartFailure? {
        #expect(throws: ServerStartFailure.self) {
            try CertificateHolder(
                .init(chain: chain, key: key, chainName: "the certificate c.pem", keyName: "the key k.pem"))
        }
    }

    @Test("a pair that cannot be used: which file, and what is wrong with it")
    func pairs() async throws {
        try await TemporaryDirectory.with { folder in
            let (one, other) = (
                try await TestCertificateAuthority.make(in: folder, below: "one"),
                try await TestCertificateAuthority.make(in: folder, below: "other")
            )
            let chain = try TemporaryDirectory.text(of: one.certificateFile)
            let key = try TemporaryDirectory.text(of: one.keyFile)
            let encrypted = try await Peer.require(
                .openssl, ["pkey", "-in", one.keyFile, "-aes128", "-passout", "pass:secret"]
            ).standardOutput
            #expect(try !CertificateHolder(.init(chain: chain, key: key)).replace(with: .init(chain: chain, key: key)))
            let cases = [
                (failure("", key), "c.pem holds no certificate"),
                (failure(key, key), "c.pem holds no certificate"),
                (failure(chain, chain), "k.pem holds no private key"),
                (failure(chain, encrypted), "k.pem is encrypted"),
                (
                    failure(chain, try TemporaryDirectory.text(of: other.keyFile)),
                    "k.pem does not belong to the certificate c.pem"
                ),
            ]
            for (failure, words) in cases {
                #expect(failure?.code == .certificateNotUsable && failure?.message.contains(words) == true, "\(words)")
                #expect(failure?.hint.isEmpty == false)
            }
        }
    }

    @Test("what the kernel says to an address becomes what to do about it")
    func addresses() {
        let cases: [(Int32, ServerStartFailure.Code, String)] = [
            (EADDRINUSE, .addressInUse, "ss -ltnp"), (EADDRNOTAVAIL, .addressNotUsable, "0.0.0.0"),
            (EACCES, .addressNotUsable, "1023"), (EINVAL, .addressNotUsable, "server.listen"),
        ]
        for (errno, code, hint) in cases {
            let failure = ServerStartFailure(listening: "192.0.2.1:443", errno: errno)
            #expect(failure.code == code && failure.hint.contains(hint) && failure.message.contains("192.0.2.1:443"))
        }
    }
}
