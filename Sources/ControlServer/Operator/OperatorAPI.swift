import FleetAPI
import FleetStore
import Issuance

/// The routes of operators and CI jobs.
struct OperatorAPI: Sendable {
    let operations: FleetOperations
    let index: DeviceIndex
    let completions: CompletionBoard
    let settings: ServerSettings

    var endpoints: [Endpoint] {
        deviceEndpoints + lifeCycleEndpoints + certificateEndpoints + tokenEndpoints + infrastructureEndpoints
    }

    private var deviceEndpoints: [Endpoint] {
        [
            Endpoint(.get, .devices, .operator) { request in
                try .json(try await operations.devices(Self.selection(request), page: request.page()))
            },
            Endpoint(.post, .devices, .operator) { request in
                try .json(try await operations.create(request.decoded(), by: request.requester), status: 201)
            },
            Endpoint(.post, .deviceImport, .operator, isImport: true) { request in
                try .json(
                    try await operations.importDevices(
                        request.body, contentType: request.mediaType, dryRun: request.flag("dryRun"),
                        by: request.requester))
            },
            Endpoint(.get, .device, .issuer) { request in
                do {
                    return try .json(try await operations.device(request.parameter))
                } catch let error as IssuanceError {
                    // Who is about to make it asks for its name in full.
                    guard error.code == .unknownDevice else { throw error }
                    var problem = APIProblem(error)
                    problem.document.device = try operations.services.name(request.parameter).description
                    throw problem
                }
            },
        ]
    }

    private var lifeCycleEndpoints: [Endpoint] {
        [
            changing(.post, .deviceBulk) { request in
                try .json(try await operations.change(request.decoded(), by: request.requester))
            },
            changing(.post, .deviceSuspend) { request in
                try .json(try await operations.suspend(request.parameter, by: request.requester))
            },
            changing(.post, .deviceResume) { request in
                try .json(try await operations.resume(request.parameter, by: request.requester))
            },
            changing(.delete, .device) { request in
                try .json(
                    try await operations.remove(
                        request.parameter, revoking: request.flag("revoke"), by: request.requester))
            },
        ]
    }

    private var certificateEndpoints: [Endpoint] {
        [
            Endpoint(.post, .deviceIssue, .issuer, issue),
            Endpoint(.get, .deviceCertificate, .issuer) { request in
                .chain(try await operations.chain(of: request.parameter))
            },
            changing(.post, .deviceRevoke) { request in
                try .json(
                    try await operations.revoke(request.parameter, request.decoded(), by: request.requester))
            },
            Endpoint(.get, .deviceAddress, .issuer) { request in
                try .json(try await operations.addresses(of: request.parameter))
            },
            Endpoint(.put, .deviceAddress, .issuer) { request in
                let body: AddressRequest = try request.decoded()
                try await spend(request)
                return try .json(
                    try await operations.setAddresses(
                        of: request.parameter, to: body.addresses, by: request.requester))
            },
            Endpoint(.delete, .deviceAddress, .issuer) { request in
                try await spend(request)
                return try .json(
                    try await operations.setAddresses(of: request.parameter, to: [], by: request.requester))
            },
        ]
    }

    private var tokenEndpoints: [Endpoint] {
        [
            Endpoint(.get, .tokens, .operator) { request in
                try .json(try await operations.tokens(page: request.page()))
            },
            Endpoint(.post, .tokens, .operator) { request in
                try .json(try await operations.createToken(request.decoded(), by: request.requester), status: 201)
            },
            Endpoint(.delete, .token, .operator) { request in
                _ = try await operations.revokeToken(request.parameter, by: request.requester)
                return .noContent
            },
        ]
    }

    private var infrastructureEndpoints: [Endpoint] {
        [
            changing(.post, .zoneVerify) { request in
                try .json(try await operations.verify(request.decoded(), by: request.requester))
            },
            Endpoint(.get, .account, .operator) { _ in try .json(try await operations.account()) },
            Endpoint(.get, .limits, .operator) { _ in try .json(operations.limits()) },
        ]
    }

    /// An operator's route that changes devices: the next request of a device sees it, also when DNS could not follow.
    private func changing(
        _ method: Endpoint.Method, _ route: Route, _ serve: @escaping @Sendable (APIRequest) async throws -> APIAnswer
    ) -> Endpoint {
        Endpoint(method, route, .operator) { request in
            do {
                let answer = try await serve(request)
                try await index.refresh()
                return answer
            } catch {
                try await index.refresh()
                throw error
            }
        }
    }

    private func issue(_ request: APIRequest) async throws -> APIAnswer {
        let body: IssueRequest = try request.decoded()
        try await spend(request)
        switch try await operations.issue(request.parameter, body, by: request.requester) {
        case .done(let response):
            return try .json(response)
        case .pending(let device):
            completions.wakeWorker()
            let seconds = request.wait(atMost: settings.longestWait)
            let response = try await completions.wait(for: device.id, atMost: .seconds(seconds)) {
                try await operations.issued(device)
            }
            return try response.map { try .json($0) } ?? .pending(retryAfter: 5)
        }
    }

    /// Takes a use from a token that has only so many; looking costs nothing.
    private func spend(_ request: APIRequest) async throws {
        guard case .token(let token, let hash) = request.principal, token.usesLeft != nil else { return }
        if let refusal = try await operations.services.store.useToken(hash: hash) { throw APIProblem(refusal) }
    }

    private static func selection(_ request: APIRequest) -> DeviceSelection {
        DeviceSelection(
            state: request.query["state"].map(DeviceDocument.State.init(rawValue:)), zone: request.query["zone"],
            tag: request.query["tag"], name: request.query["name"])
    }
}
