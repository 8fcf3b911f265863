import FleetAPI
import FleetStore
import Foundation
import Issuance
import Testing

@testable import ControlServer

@Suite("Problem documents (RFC 9457)")
struct ProblemMappingTests {
    struct Secretive: Error, CustomStringConvertible { let description = "password=hunter2" }

    @Test("what is nobody's business outside leaves without detail")
    func internalErrors() {
        let errors: [any Error] = [
            Secretive(), FleetStoreError(.corrupt, "/var/lib/secret is broken", hint: "restore it"),
        ]
        for error in errors {
            let problem = APIProblem(error)
            #expect(problem.document.type == .internalError && problem.status == 500)
            #expect(problem.document.detail == nil && problem.document.hint == nil)
        }
    }

    @Test("a store that takes nothing is a matter of time, and where it lies is nobody's business outside")
    func fullStore() {
        for code in [FleetStoreError.Code.diskFull, .notWritable] {
            let problem = APIProblem(FleetStoreError(code, "/var/lib/secret", hint: "make room"))
            #expect(problem.status == 503 && problem.document.type == .overloaded)
            #expect(problem.retryAfter == .seconds(60))
            #expect(problem.document.detail?.contains("/var") == false && problem.document.hint == nil)
        }
    }

    @Test("RFC 9110 §12.5.3: Accept-Encoding goes with a 415 for the coding, and with no other")
    func codings() {
        func accepted(_ problem: APIProblem) -> [String] {
            APIAnswer(problem, id: "1").fields.filter { $0.name == "Accept-Encoding" }.map(\.value)
        }
        #expect(accepted(APIProblem(.unsupportedMediaType, codings: "identity")) == ["identity"])
        #expect(accepted(APIProblem(.unsupportedMediaType)) == [])
    }

    @Test("every code of an issuance failure has a type of ours, with status and title")
    func issuanceErrors() {
        let codes: [IssuanceError.Code] = [
            .invalidName, .nameInNoZone, .invalidAddress, .addressRefused, .invalidRequest, .invalidKey, .nameTaken,
            .publication, .propagation, .challengeZone, .certificateAuthority, .accountMissing, .challengeFailed,
            .caaForbids, .chainRejected, .profileUnknown, .busy, .unknownDevice, .stateForbids,
        ]
        for code in codes {
            let problem = APIProblem(IssuanceError(code, "what", hints: ["do", "this"]))
            #expect(problem.document.type != .internalError && problem.document.status != nil, "\(code)")
            #expect(problem.document.detail == "what" && problem.document.hint == "do\nthis")
        }
    }

    @Test("what a zone's primary says stays apart: refused, no such zone, no answer; also when the store has kept it")
    func verdicts() {
        let types: [(ZoneVerdict, ProblemType, Int)] = [
            (.refused, .dnsRefused, 502), (.misconfigured, .dnsMisconfigured, 502),
            (.unavailable, .dnsUnavailable, 503),
        ]
        for (verdict, type, status) in types {
            #expect(ProblemType(verdict) == type && type.status == status)
            var failure = StoredFailure(Secretive())
            failure.verdict = verdict
            let problem = APIProblem(failure, retryAt: Date(), now: Date())
            #expect(problem.document.type == type)
        }
    }

    @Test("RFC 6750 §3, RFC 9110 §15.5.6 and §10.2.3: the header fields that go with a status")
    func fields() {
        let unauthorized = APIAnswer(APIProblem(.unauthorized), id: "1")
        #expect(unauthorized.fields.contains { $0.name == "WWW-Authenticate" && $0.value.hasPrefix("Bearer") })
        let method = APIAnswer(APIProblem(.methodNotAllowed, allowed: ["GET", "HEAD"]), id: "1")
        #expect(method.fields.contains { $0.name == "Allow" && $0.value == "GET, HEAD" })
        let limited = APIAnswer(APIProblem(.rateLimited, retryAfter: .milliseconds(1_001)), id: "1")
        #expect(limited.fields.contains { $0.name == "Retry-After" && $0.value == "2" })
    }

    @Test("Prometheus' text format: label values are escaped, buckets add up")
    func metrics() {
        var text = PrometheusText()
        text.sample("m", [("l", "a\"b\\c\nd")], 1)
        #expect(text.text == "m{l=\"a\\\"b\\\\c\\nd\"} 1\n")
        let metrics = ServerMetrics()
        for duration in [Duration.milliseconds(1), .milliseconds(30), .seconds(100)] {
            metrics.record(method: "BREW", route: nil, status: 405, duration: duration)
        }
        var page = PrometheusText()
        metrics.write(to: &page)
        #expect(page.text.contains("ddns_acme_http_requests_total{method=\"other\",route=\"none\",status=\"405\"} 3\n"))
        #expect(page.text.contains("_bucket{route=\"none\",le=\"0.001\"} 1\n"))
        #expect(page.text.contains("_bucket{route=\"none\",le=\"0.05\"} 2\n"))
        #expect(page.text.contains("_bucket{route=\"none\",le=\"+Inf\"} 3\n"))
        #expect(page.text.contains("_count{route=\"none\"} 3\n"))
    }
}
