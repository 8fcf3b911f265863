import FleetAPI
import Synchronization

/// The server's own counters. Every label has a closed set of values: routes of the API, methods, statuses.
final class ServerMetrics: Sendable {
    enum Event: String, CaseIterable, Sendable {
        case issued = "ddns_acme_certificates_issued_total"
        case issuanceFailed = "ddns_acme_issuance_failures_total"
        case authenticationFailed = "ddns_acme_authentication_failures_total"
        case rateLimited = "ddns_acme_rate_limited_total"
        case credentialShared = "ddns_acme_shared_credentials_total"
        case connectionRefused = "ddns_acme_connections_not_taken_total"
        case requestAborted = "ddns_acme_aborted_requests_total"

        var help: String {
            switch self {
            case .issued: "Certificates obtained."
            case .issuanceFailed: "Attempts to obtain a certificate that failed."
            case .authenticationFailed: "Requests whose credential was not accepted."
            case .rateLimited: "Requests refused by a rate limit."
            case .credentialShared: "Times that two devices seemed to use one credential."
            case .connectionRefused: "Times that a connection was not taken for want of a place."
            case .requestAborted: "Requests whose client went away before their end."
            }
        }
    }

    private struct RequestKey: Hashable {
        let method: String
        let route: String
        let status: Int
    }

    private struct State {
        var events: [Event: Int] = [:]
        var requests: [RequestKey: Int] = [:]
        var durations: [String: Histogram] = [:]
    }

    /// Upper bounds in seconds; check-ins without a change are at the low end, waits for certificates at the high one.
    static let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60]

    private struct Histogram {
        var counts = [Int](repeating: 0, count: ServerMetrics.bounds.count + 1)
        var sum = 0.0

        mutating func note(_ index: Int, _ seconds: Double) {
            counts[index] += 1
            sum += seconds
        }
    }

    private static let methods = ["POST", "GET", "HEAD", "PUT", "DELETE"]

    private let state = Mutex(State())

    func count(_ event: Event) { state.withLock { $0.events[event, default: 0] += 1 } }

    /// - Parameters:
    ///   - method: one of the API's; anything else is counted as `other`.
    ///   - route: nil when the path is none of the API's.
    func record(method: String, route: Route?, status: Int, duration: Duration) {
        let known = Self.methods.contains(method) ? method : "other"
        let path = route?.rawValue ?? "none"
        let seconds =
            Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
        state.withLock { state in
            state.requests[RequestKey(method: known, route: path, status: status), default: 0] += 1
            let index = Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count
            state.durations[path, default: Histogram()].note(index, seconds)
        }
    }

    /// In Prometheus' text format, version 0.0.4.
    func write(to text: inout PrometheusText) {
        let state = state.withLock { $0 }
        for event in Event.allCases {
            text.family(event.rawValue, .counter, event.help)
            text.sample(event.rawValue, [], Double(state.events[event] ?? 0))
        }
        text.family("ddns_acme_http_requests_total", .counter, "Requests answered.")
        for (key, count) in state.requests.sorted(by: { "\($0.key)" < "\($1.key)" }) {
            let labels = [("method", key.method), ("route", key.route), ("status", String(key.status))]
            text.sample("ddns_acme_http_requests_total", labels, Double(count))
        }
        let name = "ddns_acme_http_request_duration_seconds"
        text.family(name, .histogram, "Time from a request's head to its answer.")
        for (route, histogram) in state.durations.sorted(by: { $0.key < $1.key }) {
            var total = 0
            for (bound, count) in zip(Self.bounds.map { "\($0)" } + ["+Inf"], histogram.counts) {
                total += count
                text.sample(name + "_bucket", [("route", route), ("le", bound)], Double(total))
            }
            text.sample(name + "_sum", [("route", route)], histogram.sum)
            text.sample(name + "_count", [("route", route)], Double(total))
        }
    }
}
