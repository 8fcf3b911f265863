import ControlServer
import DNSUpdate
import DeviceCertificates
import FleetConfiguration
import FoundationEssentials
import Glibc
import Issuance

/// What `check` finds out about the control server: whether it could listen, and serve with its certificate.
struct ServerCheck {
    private let server: ServerConfiguration
    private let now: Date

    init(_ server: ServerConfiguration, now: Date = Date()) {
        self.server = server
        self.now = now
    }

    /// None when nothing is configured: who only uses `issue` needs no server.
    func steps() -> [CheckStep] {
        server.isStandard ? [] : [listening()] + certificate()
    }

    private var address: String {
        if case .v6 = server.address {
            "[\(server.address)]:\(server.port)"
        } else {
            "\(server.address):\(server.port)"
        }
    }

    private func listening() -> CheckStep {
        guard let errno = Self.errorOfBinding("\(server.address)", server.port) else {
            return CheckStep(.server, address, .ok, "can be listened on")
        }
        let failure = ServerStartFailure(listening: address, errno: errno)
        guard failure.code == .addressInUse else {
            return CheckStep(.server, address, .failed, failure.message, hints: [failure.hint], failure: failure)
        }
        return CheckStep(
            .server, address, .warning, "something listens there already",
            hints: ["as it should when the server runs; see what it is with `ss -ltnp`"])
    }

    private func certificate() -> [CheckStep] {
        guard case .files(let certificate, let key) = server.tls else { return [] }
        let files = ServerCertificateFiles(certificate: certificate, key: key)
        let pair: CertificateHolder.Pair
        do throws(ServerStartFailure) {
            pair = try files.pair()
            _ = try CertificateHolder(pair)
        } catch {
            return [CheckStep(.server, certificate, .failed, error.message, hints: [error.hint], failure: error)]
        }
        var steps = [validity(pair, certificate)]
        if files.isKeyOpenToAll {
            steps.append(
                CheckStep(
                    .server, key, .warning, "everybody on this machine can read the private key",
                    hints: ["chmod 600 \(key)"]))
        }
        return steps
    }

    private func validity(_ pair: CertificateHolder.Pair, _ path: String) -> CheckStep {
        func step(_ status: CheckStep.Status, _ finding: String, _ hint: String) -> CheckStep {
            CheckStep(.server, path, status, finding, hints: hint.isEmpty ? [] : [hint])
        }
        guard let certificate = try? IssuedCertificate(pem: pair.chain) else {
            return step(.warning, "the certificates do not form a chain", "the server's own first, then its issuers'")
        }
        let end = certificate.notAfter.formatted(.iso8601)
        guard now < certificate.notAfter else {
            let failure = ServerStartFailure(
                .certificateNotUsable, "the server's certificate \(path) expired at \(end)",
                hint: "put a present one in its place; the server takes it up without a restart")
            return CheckStep(.server, path, .failed, failure.message, hints: [failure.hint], failure: failure)
        }
        guard certificate.notBefore <= now else {
            return step(
                .warning, "is valid from \(certificate.notBefore.formatted(.iso8601)) on only",
                "compare this machine's clock")
        }
        if let name = server.name, !Self.matches(name, certificate.names) {
            return step(
                .warning, "is for \(certificate.names.joined(separator: ", ")), not for server.name \(name)",
                "agents check the name in the URL that they are given")
        }
        return step(.ok, "is for \(certificate.names.joined(separator: ", ")), until \(end)", "")
    }

    /// RFC 9525 §6.3; a label alone stands for any name that begins with it.
    private static func matches(_ name: String, _ certified: [String]) -> Bool {
        certified.contains { certified in
            if certified == name || !name.contains(".") && certified.hasPrefix(name + ".") { return true }
            guard certified.hasPrefix("*."), let dot = name.firstIndex(of: ".") else { return false }
            return certified.dropFirst() == name[dot...]
        }
    }

    /// Binds as the server would, and lets go again.
    ///
    /// - Returns: nil when that works.
    private static func errorOfBinding(_ host: String, _ port: UInt16) -> Int32? {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "\(port)", &hints, &list) == 0, let first = list else { return EADDRNOTAVAIL }
        defer { freeaddrinfo(first) }
        let descriptor = socket(first.pointee.ai_family, first.pointee.ai_socktype, 0)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        var isOn: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &isOn, socklen_t(MemoryLayout<Int32>.size))
        guard bind(descriptor, first.pointee.ai_addr, first.pointee.ai_addrlen) == 0 else { return errno }
        // Two sockets that do not listen may share an address.
        return listen(descriptor, 1) == 0 ? nil : errno
    }
}
