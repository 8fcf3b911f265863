import FleetAPI
import FleetStore
import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1

/// Takes a request through the gates (limits, path, credential, body) to its endpoint. Whatever goes wrong anywhere becomes
/// a problem document here and nowhere else.
struct APIResponder: HTTPResponder {
    let endpoints: EndpointTable
    let authenticator: Authenticator
    let devices: DeviceAPI
    let metrics: ServerMetrics
    let settings: ServerSettings
    let logger: Logger
    let addressLimit: RateLimiter<ClientNetwork>
    let monitoringLimit: RateLimiter<ClientNetwork>
    let credentialLimit: RateLimiter<[UInt8]>
    let deviceLimit: RateLimiter<Device.ID>
    let failureLimit: RateLimiter<ClientNetwork>
    let dateField = DateField()

    /// How long a client may go on sending a body that nobody reads.
    private static let drainTime: TimeAmount = .seconds(2)

    init(
        endpoints: EndpointTable, authenticator: Authenticator, devices: DeviceAPI, metrics: ServerMetrics,
        settings: ServerSettings, logger: Logger
    ) {
        self.endpoints = endpoints
        self.authenticator = authenticator
        self.devices = devices
        self.metrics = metrics
        self.settings = settings
        self.logger = logger
        addressLimit = RateLimiter(settings.addressRate)
        monitoringLimit = RateLimiter(settings.monitoringRate)
        credentialLimit = RateLimiter(settings.credentialRate)
        deviceLimit = RateLimiter(settings.credentialRate)
        failureLimit = RateLimiter(settings.failureRate)
    }

    func respond(to request: Request, context: APIContext) async throws -> Response {
        let start = ContinuousClock.now
        let client = context.channel.remoteAddress
        var route: Route?
        var isHead = false
        var isRead = false
        let answer: APIAnswer
        do {
            let match = try match(request, client)
            (route, isHead) = (match.endpoint.route, match.isHead)
            let principal = try await principal(request.headers, match, client)
            let body = try await BodyReader.read(
                request.body, declared: request.headers[.contentLength],
                limit: match.endpoint.isImport ? settings.importLimit : settings.bodyLimit,
                wanted: { Self.welcomeBody(of: request, context.channel) })
            isRead = true
            answer = try await Self.serve(
                match.endpoint,
                APIRequest(
                    id: context.id, principal: principal, parameter: match.parameter, query: try Self.query(request),
                    fields: request.headers, body: body, client: client))
        } catch let error as HTTPParserError {
            throw error
        } catch let error as AbortedRequest {
            return aborted(error, context)
        } catch {
            answer = refusal(counted(error, client), context.id)
        }
        record(context.id, request.method.rawValue, route, answer.status, client, since: start)
        let closes = !isRead && Self.announcesBody(request)
        if closes { close(context.channel) }
        return Self.response(answer, id: context.id, isHead: isHead, closes: closes)
    }

    /// Counts and logs that a request was answered.
    func record(
        _ id: String, _ method: String, _ route: Route?, _ status: Int,
        _ client: @autoclosure @escaping () -> SocketAddress?, since start: ContinuousClock.Instant
    ) {
        let duration = ContinuousClock.now - start
        metrics.record(method: method, route: route, status: status, duration: duration)
        logger.log(
            level: status >= 500 ? .warning : .info, "request",
            metadata: [
                "id": "\(id)", "method": "\(method.prefix(16))", "route": "\(route?.rawValue ?? "none")",
                "status": "\(status)", "from": "\(client()?.ipAddress ?? "unknown")",
                "ms": "\(duration / .milliseconds(1))",
            ])
    }

    /// A device's request is short, and served where its connection is. An operator's may compute for seconds: it must not
    /// hold up the devices whose connections are on the same event loop.
    private static func serve(_ endpoint: Endpoint, _ request: APIRequest) async throws -> APIAnswer {
        switch endpoint.access {
        case .device, .enrollmentToken: try await endpoint.serve(request)
        case .anybody, .issuer, .operator:
            try await withTaskExecutorPreference(globalConcurrentExecutor) { try await endpoint.serve(request) }
        }
    }

    // MARK: - Gates

    private func match(_ request: Request, _ client: SocketAddress?) throws -> EndpointTable.Match {
        do throws(APIProblem) {
            return try endpoints.match(method: request.method.rawValue, path: Self.path(request))
        } catch {
            if let wait = addressLimit.take(ClientNetwork(client)) { throw limited(wait) }
            throw error
        }
    }

    private func principal(
        _ fields: HTTPFields, _ match: EndpointTable.Match, _ client: SocketAddress?
    ) async throws -> Principal {
        let principal = try await authenticator.principal(fields, for: match)
        let wait =
            switch principal {
            case .nobody where match.endpoint.route.isMonitoring: monitoringLimit.take(ClientNetwork(client))
            case .nobody: addressLimit.take(ClientNetwork(client))
            case .enrolling(let hash), .token(_, let hash): credentialLimit.take(hash)
            // Not per credential: a device can have as many of them as it likes, one after the other.
            case .device(let standing): deviceLimit.take(standing.deviceID)
            }
        if let wait { throw limited(wait) }
        if let coding = fields[.contentEncoding], coding.lowercased() != "identity" {
            // RFC 9110 §8.4: nobody here decodes it.
            throw APIProblem(
                .unsupportedMediaType, "a body in a content coding is not taken here",
                hint: "send it as it is, without Content-Encoding", codings: "identity")
        }
        return principal
    }

    /// Only who fails is slowed down: a site's good devices share its address with the bad one.
    private func counted(_ error: any Error, _ client: SocketAddress?) -> any Error {
        guard let problem = error as? APIProblem, problem.status == 401 else { return error }
        metrics.count(.authenticationFailed)
        // Whoever has one of ours that is over guesses nothing, and is to learn what is wrong with it.
        if [.tokenExpired, .tokenUsedUp].contains(problem.document.type) {
            return addressLimit.take(ClientNetwork(client)).map(limited) ?? problem
        }
        return failureLimit.take(ClientNetwork(client)).map(limited) ?? problem
    }

    private func limited(_ wait: Duration) -> APIProblem {
        metrics.count(.rateLimited)
        return APIProblem(.rateLimited, retryAfter: wait)
    }

    private func refusal(_ error: any Error, _ id: String) -> APIAnswer {
        let problem = APIProblem(error)
        if problem.document.type == .internalError {
            logger.error("internal error", metadata: ["id": "\(id)", "error": "\(error)"])
        }
        return APIAnswer(problem, id: id)
    }

    // MARK: - HTTP

    private static func path(_ request: Request) -> Substring {
        let path = request.head.path ?? ""
        return path[..<(path.utf8.firstIndex(of: UInt8(ascii: "?")) ?? path.endIndex)]
    }

    private static func query(_ request: Request) throws(APIProblem) -> [String: String] {
        let path = request.head.path ?? ""
        guard let mark = path.utf8.firstIndex(of: UInt8(ascii: "?")) else { return [:] }
        var result: [String: String] = [:]
        for pair in path[path.index(after: mark)...].split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = halves.count == 2 ? halves[1] : ""
            guard let name = EndpointTable.decode(halves[0]),
                let text = EndpointTable.decode(Substring(value.replacing("+", with: " ")))
            else { throw APIProblem(.malformed, "the query cannot be decoded") }
            result[name] = text
        }
        return result
    }

    private static func welcomeBody(of request: Request, _ channel: any Channel) {
        guard request.headers[.expect]?.lowercased() == "100-continue", announcesBody(request) else { return }
        channel.triggerUserOutboundEvent(BodyWanted(), promise: nil)
    }

    /// Nothing is counted as an answer, since nobody gets this one.
    private func aborted(_ request: AbortedRequest, _ context: APIContext) -> Response {
        metrics.count(.requestAborted)
        logger.debug("request broken off", metadata: ["id": "\(context.id)", "error": "\(request.cause)"])
        let answer = APIAnswer(APIProblem(.malformed, "the request broke off"), id: context.id)
        return Self.response(answer, id: context.id, isHead: false, closes: true)
    }

    private static func announcesBody(_ request: Request) -> Bool {
        request.headers[.contentLength].map { $0 != "0" } ?? (request.headers[.transferEncoding] != nil)
    }

    /// Hummingbird would read a body to its end, however long that takes. What was refused unread is given a moment, so
    /// that the client sees the answer and not a broken connection.
    private func close(_ channel: any Channel) {
        channel.eventLoop.scheduleTask(in: Self.drainTime) { channel.close(promise: nil) }
    }

    static let requestIDName = "X-Request-ID"
    /// Of every answer: they hold credentials and what only one device may know.
    static let fixedFields = [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]
        .map { (name: $0, value: $1) }
    private static let requestIDField = HTTPField.Name(requestIDName)
    private static let namedFixedFields = fixedFields.compactMap { name, value in
        HTTPField.Name(name).map { HTTPField(name: $0, value: value) }
    }

    private static func response(_ answer: APIAnswer, id: String, isHead: Bool, closes: Bool) -> Response {
        var fields = HTTPFields()
        if let type = answer.contentType { fields[.contentType] = type }
        for (name, value) in answer.fields {
            if let name = HTTPField.Name(name) { fields[name] = value }
        }
        if let requestIDField { fields[requestIDField] = id }
        for field in namedFixedFields { fields.append(field) }
        if closes { fields[.connection] = "close" }
        let response = Response(
            status: HTTPResponse.Status(code: answer.status), headers: fields,
            body: answer.body.isEmpty ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)))
        return isHead ? response.createHeadResponse() : response
    }
}

extension HTTPFields {
    /// The field of that name, which is known to be one.
    subscript(named name: String) -> String? { HTTPField.Name(name).flatMap { self[$0] } }
}
