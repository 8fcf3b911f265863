import FleetAPI
import Foundation
import SwiftASN1
import Synchronization
import TestSupport
import X509

/// The device's routes of DESIGN §5 in memory. A test may put any answer in place of the next regular one.
final class FakeControlServer: FleetTransport {
    struct Request: Sendable {
        var method: String
        var path: String
        var credential: String?
        var headers: [(name: String, value: String)]
        var body: [UInt8]

        func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name.lowercased() }?.value }
        var checkIn: CheckInRequest? { try? JSONDecoder().decode(CheckInRequest.self, from: Data(body)) }
    }

    enum Fault: Sendable {
        case answer(FleetResponse)
        case failure(FleetAPIError)
        /// Does the work, but the answer is lost.
        case lostAnswer
        /// Never answers.
        case silence
    }

    struct State: Sendable {
        var requests: [Request] = []
        var faults: [(path: String, fault: Fault)] = []
        var name = "dev1.devices.example.com"
        /// Enrollments by idempotency key.
        var enrollments: [String: SecretToken] = [:]
        var credential: SecretToken?
        /// Accepted as well, until the new one is used.
        var previousCredential: SecretToken?
        var published: [String] = []
        var csr: [UInt8]?
        var chain: String?
        /// 202 answers before the chain is ready.
        var pendingAnswers = 0
        var checkInAfter = 300
        /// Instead of what follows from the state.
        var action: CertificateDirective.Action?
        /// Names in the certificate instead of those asked for.
        var names: [String]?
    }

    let issuer: TestIssuer
    let token = SecretToken.random(.enrollment)
    private let state = Watched(State())

    init() throws {
        issuer = try TestIssuer()
    }

    var requests: [Request] { state.read { $0.requests } }
    func requests(_ path: String) -> [Request] { requests.filter { $0.path == path } }
    func change(_ body: (inout State) -> Void) { state.update(body) }
    func read<Value: Sendable>(_ body: (State) -> Value) -> Value { state.read(body) }

    /// The next request to that path gets this.
    func next(_ route: Route, _ fault: Fault) { change { $0.faults.append((route.rawValue, fault)) } }

    func waitForRequests(_ route: Route, _ count: Int) async throws {
        try await state.wait(for: "\(count) requests to \(route.rawValue)") { state in
            state.requests.count { $0.path == route.rawValue } >= count ? true : nil
        }
    }

    /// Issues for a CSR behind the device's back, as a renewal with its last CSR does.
    func renew() throws {
        let csr = state.read { $0.csr } ?? []
        let chain = try issuer.issue(csr: csr)
        change { $0.chain = chain }
    }

    // MARK: - Answers

    func send(_ request: FleetRequest) async throws(FleetAPIError) -> FleetResponse {
        let path = "/" + request.url.split(separator: "/").dropFirst(2).joined(separator: "/")
        return try await answer(
            Request(
                method: request.method.rawValue, path: path, credential: request.credential?.reveal(),
                headers: request.headers, body: request.body))
    }

    func answer(_ request: Request) async throws(FleetAPIError) -> FleetResponse {
        let fault = state.update { state -> Fault? in
            state.requests.append(request)
            guard let index = state.faults.firstIndex(where: { $0.path == request.path }) else { return nil }
            return state.faults.remove(at: index).fault
        }
        switch fault {
        case .answer(let response): return response
        case .failure(let error): throw error
        case .lostAnswer:
            _ = regular(request)
            throw FleetAPIError(.unreachable, "the connection ended before the answer")
        case .silence:
            try? await Task.sleep(for: .seconds(3_600))
            throw FleetAPIError(.cancelled, "cancelled")
        case nil: return regular(request)
        }
    }

    private func regular(_ request: Request) -> FleetResponse {
        state.update { state in
            switch (request.method, request.path) {
            case ("GET", Route.health.rawValue): return Self.json(200, ["status": "ok"])
            case ("POST", Route.enroll.rawValue): return enroll(request, &state)
            default: break
            }
            guard let credential = request.credential,
                [state.credential, state.previousCredential].contains(where: { $0?.reveal() == credential })
            else { return Self.problem(.unauthorized) }
            if credential == state.credential?.reveal() { state.previousCredential = nil }
            switch (request.method, request.path) {
            case ("POST", Route.checkIn.rawValue): return checkIn(request, &state)
            case ("POST", Route.certificate.rawValue):
                state.csr = request.body
                guard let chain = try? issuer.issue(csr: request.body, names: state.names) else {
                    return Self.problem(.badCSR)
                }
                state.chain = chain
                return certificate(&state)
            case ("GET", Route.certificate.rawValue): return certificate(&state)
            case ("POST", Route.credential.rawValue):
                let fresh = SecretToken.random(.device)
                if state.previousCredential == nil { state.previousCredential = state.credential }
                state.credential = fresh
                return Self.json(
                    200,
                    CredentialResponse(
                        credential: fresh, previousValidUntil: Timestamp(secondsSinceEpoch: 4_000_000_000)))
            default: return Self.problem(.notFound)
            }
        }
    }

    private func enroll(_ request: Request, _ state: inout State) -> FleetResponse {
        guard request.credential == token.reveal() else { return Self.problem(.unauthorized) }
        let key = request.header(HeaderName.idempotencyKey) ?? ""
        guard state.enrollments.isEmpty || state.enrollments[key] != nil else { return Self.problem(.tokenUsedUp) }
        let credential = SecretToken.random(.device)
        state.enrollments[key] = credential
        state.credential = credential
        return Self.json(
            201, EnrollResponse(name: state.name, credential: credential, checkInAfter: state.checkInAfter))
    }

    private func checkIn(_ request: Request, _ state: inout State) -> FleetResponse {
        guard let body = request.checkIn else { return Self.problem(.malformed) }
        state.published = body.addresses
        let current = state.chain.flatMap { try? PEMDocument.parseMultiple(pemString: $0).first }
            .flatMap { try? Certificate(derEncoded: $0.derBytes) }
        let serial = current?.serialNumber.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let due: CertificateDirective.Action =
            serial.map { body.certificate?.hasSerial($0) == true ? .none : .download } ?? .sendCSR
        let directive = CertificateDirective(
            action: state.action ?? due,
            notAfter: current.map { Timestamp(secondsSinceEpoch: Int64($0.notValidAfter.timeIntervalSince1970)) })
        return Self.json(
            200,
            CheckInResponse(
                name: state.name, addresses: state.published, certificate: directive, checkInAfter: state.checkInAfter))
    }

    private func certificate(_ state: inout State) -> FleetResponse {
        guard let chain = state.chain else { return Self.problem(.notFound) }
        if state.pendingAnswers > 0 {
            state.pendingAnswers -= 1
            return Self.json(202, PendingResponse(), headers: [(HeaderName.retryAfter, "2")])
        }
        return FleetResponse(
            status: 200, headers: [(name: "Content-Type", value: MediaType.certificateChain)], body: Array(chain.utf8))
    }

    static func problem(_ type: ProblemType, detail: String? = nil, retryAfter: Int? = nil) -> FleetResponse {
        let document = ProblemDocument(type, detail: detail)
        return json(
            type.status ?? 500, document, type: MediaType.problem,
            headers: retryAfter.map { [(HeaderName.retryAfter, "\($0)")] } ?? [])
    }

    static func json(
        _ status: Int, _ body: some Encodable, type: String = MediaType.json, headers: [(String, String)] = []
    ) -> FleetResponse {
        let bytes = (try? JSONEncoder().encode(body)).map { Array($0) } ?? []
        return FleetResponse(
            status: status,
            headers: [(name: "Content-Type", value: type)] + headers.map { (name: $0.0, value: $0.1) }, body: bytes)
    }
}
