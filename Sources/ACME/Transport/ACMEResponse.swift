/// One HTTP answer from an ACME server.
package struct ACMEResponse: Sendable {
    /// Most bytes of body that a transport reads, 1 MiB: a chain is some 10 KiB, a directory 1 KiB.
    package static let maximumBodySize = 1 << 20

    package var status: Int
    package var headers: ACMEHeaders
    package var body: [UInt8]

    package init(status: Int, headers: ACMEHeaders = ACMEHeaders(), body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    var isSuccess: Bool { (200..<300).contains(status) }

    /// The nonce this answer hands out, if it is one: "Clients MUST ignore invalid Replay-Nonce values" (RFC 8555
    /// §6.5.1).
    var replayNonce: String? {
        guard let nonce = headers["Replay-Nonce"], !nonce.isEmpty, nonce.utf8.count <= 1024, Base64URL.isAlphabet(nonce)
        else { return nil }
        return nonce
    }
}
