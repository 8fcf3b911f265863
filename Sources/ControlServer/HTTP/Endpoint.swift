import FleetAPI

/// One method of one route: who may use it and what serves it.
struct Endpoint: Sendable {
    /// Who may ask.
    enum Access: Sendable, Hashable {
        case anybody
        case enrollmentToken
        case device
        /// An operator's token, or one to issue whose pattern the name in the path matches.
        case issuer
        case `operator`
    }

    enum Method: String, Sendable, Hashable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case delete = "DELETE"
    }

    let method: Method
    let route: Route
    let access: Access
    /// Whether the body may be as large as an import.
    var isImport = false
    let serve: @Sendable (APIRequest) async throws -> APIAnswer

    init(
        _ method: Method, _ route: Route, _ access: Access, isImport: Bool = false,
        _ serve: @escaping @Sendable (APIRequest) async throws -> APIAnswer
    ) {
        self.method = method
        self.route = route
        self.access = access
        self.isImport = isImport
        self.serve = serve
    }
}
