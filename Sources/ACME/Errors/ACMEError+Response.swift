#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension ACMEError {
    /// The error that an answer outside 2xx stands for, whether or not its body is a problem document (RFC 8555 §6.7).
    init(_ response: ACMEResponse, url: ACMEURL, endpoint: ACMEEndpoint? = nil, receivedAt now: Date) {
        let problem = Problem(response)
        // No time at all, or one that is over, is none given: with a refusal "at once" cannot be meant.
        let retryAfter =
            [
                response.retryAfter(receivedAt: now),
                problem?.detail.flatMap { RetryAfter(problemDetail: $0, receivedAt: now) },
            ].lazy.compactMap { $0 }.first { $0.delay > .zero }
        let code = Self.code(status: response.status, problem)
        let links = LinkHeader(response.headers.values(for: "Link"))
        let link =
            (links.references("terms-of-service") + links.references("help")).first
            ?? (code == .userActionRequired ? problem?.instance : nil) ?? problem?.firstLink
        var message = "\(url) answers \(response.status)"
        if let problem {
            message += ", \(problem)"
        } else if !response.body.isEmpty {
            message += ": \(Evidence.quote(response.body))"
        }
        // RFC 8555 §7.3.3: "instance" is where a person is told how to agree.
        if code == .userActionRequired, let page = problem?.instance, page != link {
            message += " (see \(Evidence.text(page)))"
        }
        if let link { message += " (see \(Evidence.text(link)))" }
        if let retryAfter { message += "; the CA asks to wait \(retryAfter)" }
        self.init(
            code, message, problem: problem, retryAfter: retryAfter, url: url, link: link,
            refusedBy: response.status == 429 || response.status == 503 ? endpoint : nil,
            // Only a 5xx leaves open whether the request was carried out; 503 and 4xx refuse it.
            mayHaveBeenApplied: response.status >= 500 && response.status != 503)
    }

    private static func code(status: Int, _ problem: Problem?) -> Code {
        switch (status, problem?.code ?? .otherProblem) {
        // The type for what is not there is `malformed` at some CAs and none at others.
        case (404, .malformed), (404, .otherProblem), (410, .malformed), (410, .otherProblem): .notFound
        case (_, let code) where code != .otherProblem: code
        default: Self.code(status: status, isProblem: problem != nil)
        }
    }

    private static func code(status: Int, isProblem: Bool) -> Code {
        switch status {
        case 409: .conflict
        case 429: .rateLimited
        case 503: .serviceBusy
        case 500...: isProblem ? .otherProblem : .serviceBusy
        case 300..<400: .protocolViolation  // redirects are not part of ACME
        default: isProblem ? .otherProblem : .protocolViolation
        }
    }
}
