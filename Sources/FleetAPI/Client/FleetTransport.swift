/// Sends one HTTP request to the control server; injected, so that the client knows no network.
package protocol FleetTransport: Sendable {
    /// Sends `request` once and returns the answer whatever its status. Redirects are not followed.
    ///
    /// - Throws: ``FleetAPIError``: `unreachable`, `untrusted`, `timedOut`, `cancelled`, `badAnswer` (over the limit).
    func send(_ request: FleetRequest) async throws(FleetAPIError) -> FleetResponse
}

/// One request.
package struct FleetRequest: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case delete = "DELETE"
    }

    package var method: Method
    /// Absolute.
    package var url: String
    /// Goes into `Authorization: Bearer …`; kept apart from the other fields so that nothing logs it by accident.
    package var credential: SecretToken?
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// The time for the whole exchange.
    package var timeout: Duration
    /// The largest answer that is read, in bytes.
    package var bodyLimit: Int
}

/// The answer to a request.
package struct FleetResponse: Sendable {
    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    package init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The first field of that name, in any case.
    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// The server's clock, from its `Date` field.
    package var date: Timestamp? { header("Date").flatMap { Timestamp(httpDate: $0) } }

    /// `Retry-After` in either form. A date counts from the server's own `Date`, so that a client whose clock is
    /// wrong waits as long as was meant.
    package var retryAfter: Duration? {
        guard let value = header(HeaderName.retryAfter)?.trimmingWhitespace() else { return nil }
        if let seconds = Int64(value) { return .seconds(min(max(seconds, 0), Self.longestRetry)) }
        guard let until = Timestamp(httpDate: value), let now = date else { return nil }
        return .seconds(min(max(until.seconds(after: now), 0), Self.longestRetry))
    }

    /// No answer makes a client wait longer than this.
    private static let longestRetry: Int64 = 86_400

    /// The type without its parameters, in lower case.
    var mediaType: String? {
        header("Content-Type")?.prefix { $0 != ";" }.lowercased().trimmingWhitespace()
    }
}
