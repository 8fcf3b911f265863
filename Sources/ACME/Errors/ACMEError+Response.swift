#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension ACMEError {
    /// The error that an answer outside 2xx stands for, whether or not its body is a problem document (RFC 8555 §6.7).
    init(_ response: ACMEResponse, url: ACMEURL, receivedAt now: Date) {
        let problem = Problem(response)
        let retryAfter =
            response.retryAfter(receivedAt: now)
            ?? problem?.detail.flatMap { RetryAfter(problemDetail: $0, receivedAt: now) }
        let code =
            problem.map(\.code).flatMap { $0 == .otherProblem ? nil : $0 }
            ?? Self.code(status: response.status, problem)
        let links = LinkHeader(response.headers.values(for: "Link"))
        let link =
            (links.references("terms-of-service") + links.references("help")).lazy
            .compactMap { try? url.resolving($0) }.first ?? problem?.firstLink
        var message = "\(url) answers \(response.status)"
        if let problem {
            message += ", \(problem)"
        } else if !response.body.isEmpty {
            message += ": \(Evidence.quote(response.body))"
        }
        if let link { message += " (see \(link))" }
        if let retryAfter { message += "; the CA asks to wait \(retryAfter)" }
        self.init(
            code, message, problem: problem, retryAfter: retryAfter, url: url, link: link,
            // Only a 5xx leaves open whether the request was carried out; 503 and 4xx refuse it.
            mayHaveBeenApplied: response.status >= 500 && response.status != 503)
    }

    private static func code(status: Int, _ problem: Problem?) -> Code {
        switch status {
        case 429: .rateLimited
        case 503: .serviceBusy
        case 500...: problem == nil ? .serviceBusy : .otherProblem
        case 404, 410: .notFound
        case 300..<400: .protocolViolation  // redirects are not part of ACME
        default: problem == nil ? .protocolViolation : .otherProblem
        }
    }
}
