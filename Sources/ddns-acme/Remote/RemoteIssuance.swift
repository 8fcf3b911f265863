import CertificateFiles
import CommandLineProgram
import DNSUpdate
import DeviceCertificates
import FleetAPI
import FoundationEssentials
import Issuance
import PKCS12

/// The job of `ddns-acme issue --server`: the key is made and stays here, the control server does the rest.
struct RemoteIssuance: Sendable {
    struct Wish: Sendable {
        var device: String
        var addresses: [String]
        var hasWildcard: Bool
        var profile: String?
        var keySource: LocalIssuance.KeySource
        var isForced: Bool
        /// `--out`
        var out: String
        /// `--pkcs12`
        var bundle: PKCS12File?

        /// Whether `privkey.pem` is to hold the key.
        var isKeyHere: Bool { if case .request = keySource { false } else { true } }
    }

    /// Seconds that the server may take for one answer, and how long it is asked again.
    private static let serverWait = 60
    private static let patience: Duration = .seconds(900)

    let client: FleetClient
    let token: SecretToken

    func run(_ wish: Wish, dryRun: Bool, progress: @escaping ProgressHandler) async throws -> IssueResult {
        let name = try await fullName(wish.device)
        let names = wish.hasWildcard ? [name, "*." + name] : [name]
        // What cannot be used is refused before anything is asked for.
        let expected = try Self.expectedKey(wish.keySource, names)
        try Self.checkForm(of: wish.addresses)
        let files = try DeviceFolder.files(out: wish.out, called: wish.device, name: name)
        if let present = try await present(wish, name, names, files, expected) {
            if dryRun { return IssueResult(name, "unchanged", present, files) }
            // A request for a certificate would take them along.
            if !wish.addresses.isEmpty {
                progress(
                    .init(.address, "asking \(client.server) to publish \(wish.addresses.joined(separator: ", "))"))
                _ = try await client.setAddresses(
                    of: name, to: AddressRequest(addresses: wish.addresses), token: token)
            }
            try wish.bundle?.update(from: files)
            return IssueResult(name, "unchanged", present, files)
        }
        if dryRun { return IssueResult(name, "would-issue", nil, files) }
        let (csr, key) = try prepare(wish, names, files)
        progress(.init(.order, "asking \(client.server) for the certificate of \(name)"))
        let response: IssueResponse
        do {
            response = try await issue(name, csr, wish)
        } catch let error as FleetAPIError {
            // A request that was refused will not be asked for again with this key.
            if !error.isTemporary { files.discard() }
            throw error
        }
        let certificate = try IssuedCertificate(pem: response.chain)
        try certificate.verify(key: csr.publicKey, names: names, now: Date())
        progress(.init(.install, "writing \(files.directory)"))
        try files.install(
            CertificateFiles.Contents(
                privateKey: key?.pem, certificate: certificate.certificatePEM, chain: certificate.chainPEM))
        try wish.bundle?.update(from: files)
        return IssueResult(name, response.issued ? "issued" : "unchanged", response.certificate, files)
    }

    private func issue(_ name: String, _ csr: CertificateRequest, _ wish: Wish) async throws -> IssueResponse {
        var request = IssueRequest(
            csr: csr.pem, addresses: wish.addresses.isEmpty ? nil : wish.addresses,
            wildcard: wish.hasWildcard ? true : nil, profile: wish.profile, force: wish.isForced ? true : nil)
        let deadline = ContinuousClock.now + Self.patience
        while true {
            switch try await client.issue(name, request, token: token, wait: Self.serverWait) {
            case .done(let response): return response
            case .pending(let pause):
                guard ContinuousClock.now < deadline else {
                    throw CommandFailure(
                        .temporary, "the control server has not obtained the certificate of \(name) yet",
                        hints: ["it goes on; run the command again later"])
                }
                // Asked for once; from now on only looked at.
                request.force = nil
                request.addresses = nil
                try await Task.sleep(for: pause ?? .seconds(5))
            }
        }
    }

    /// The certificate in place, when the server has no newer one and it is not due.
    private func present(
        _ wish: Wish, _ name: String, _ names: [String], _ files: CertificateFiles, _ expected: String?
    ) async throws -> DeviceCertificate? {
        guard !wish.isForced, let text = try files.present().fullChain,
            let certificate = try? IssuedCertificate(pem: text), Set(names) == Set(certificate.names)
        else { return nil }
        if let expected, certificate.keyFingerprint != expected { return nil }
        if wish.isKeyHere {
            guard let pem = try files.present().privateKey, let key = try? DeviceKey(pem: pem),
                certificate.belongs(to: key)
            else { return nil }
            if case .fresh(let kind?) = wish.keySource, key.kind != kind { return nil }
        }
        guard let known = try await client.device(name, token: token).certificate,
            InstalledCertificate(serial: known.serial, notAfter: known.notAfter).hasSerial(certificate.serial),
            let renewAt = known.renewAt, Date().timeIntervalSince1970 < Double(renewAt.secondsSinceEpoch)
        else { return nil }
        return known
    }

    /// The fingerprint of the key that the certificate must be for; nil: any that is in place.
    private static func expectedKey(_ source: LocalIssuance.KeySource, _ names: [String]) throws -> String? {
        switch source {
        case .request(let bytes): try CertificateRequest(bytes, names: names).keyFingerprint
        case .given(let key): key.keyFingerprint
        case .fresh: nil
        }
    }

    /// Which of them the zone allows only the server knows.
    private static func checkForm(of addresses: [String]) throws {
        let everywhere = ["0.0.0.0/0", "::/0"].compactMap { try? IPPrefix($0) }
        _ = try AddressPolicy(allowed: everywhere).check(addresses)
    }

    /// The request, and the key when it is ours to write; the key is on the disk when this returns.
    private func prepare(
        _ wish: Wish, _ names: [String], _ files: CertificateFiles
    ) throws -> (CertificateRequest, DeviceKey?) {
        let key: DeviceKey
        switch wish.keySource {
        case .request(let bytes):
            try files.prepare(privateKey: nil)
            return (try CertificateRequest(bytes, names: names), nil)
        case .given(let given): key = given
        // The key of a run that was interrupted may have got its certificate meanwhile.
        case .fresh(let kind):
            key = try files.pendingKey().flatMap { try? DeviceKey(pem: $0) } ?? DeviceKey.generate(kind ?? .ec256)
        }
        try files.prepare(privateKey: key.pem)
        return (try CertificateRequest(names: names, deviceKey: key), key)
    }

    /// A request names the device in full, and only the server knows its zones.
    private func fullName(_ text: String) async throws -> String {
        do throws(FleetAPIError) {
            return try await client.device(text, token: token).name
        } catch {
            // A new device: the server says which name it would have.
            guard error.code == .notFound else { throw error }
            if let name = error.problem?.device { return name }
            guard text.contains(".") else {
                throw CommandFailure(
                    .badInput, "the control server knows no device \(text)",
                    hints: ["for a new device give the full name, or make it first: ddns-acme device add \(text)"])
            }
            return text.lowercased()
        }
    }
}
