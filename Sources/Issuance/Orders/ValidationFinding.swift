import ACME

/// What a CA says it met when it looked for a challenge. ACME has a few types for it (RFC 8555 §6.7) and puts the
/// difference that matters into the words: "no TXT record" is a record that is not there yet or not there for the CA,
/// "incorrect TXT record" is stale data or another view of the zone.
enum ValidationFinding: Hashable, Sendable {
    case noRecord
    /// The value that the CA quotes, if it does.
    case otherValue(String?)
    /// The servers answer SERVFAIL: often DNSSEC, sometimes a server that has lost the zone.
    case serverFailure
    /// The servers do not answer the CA.
    case noAnswer
    /// A query failed in another way.
    case queryFailed
    case caaForbids
    /// The CA could not look up CAA, which it must (RFC 8659 §3).
    case caaLookupFailed
    /// The CA connected to the device or read a page: it validates by another method than DNS.
    case notByDNS
    case unknown

    init(_ problem: Problem) {
        let detail = (problem.detail ?? "").lowercased()
        let isAboutCAA = detail.contains("caa for") || detail.contains("caa record for")
        if problem.code == .caa {
            self = detail.contains("looking up caa") || detail.contains("servfail") ? .caaLookupFailed : .caaForbids
        } else if detail.contains("incorrect txt record") || problem.code == .incorrectResponse {
            self = .otherValue(Self.quoted(problem.detail ?? ""))
        } else if detail.contains("no txt record") || detail.contains("nxdomain") {
            self = .noRecord
        } else if problem.code == .dns || detail.contains("dns problem") {
            if isAboutCAA {
                self = .caaLookupFailed
            } else if detail.contains("servfail") || detail.contains("dnssec") {
                self = .serverFailure
            } else if detail.contains("timed out") || detail.contains("timeout") || detail.contains("networking error")
            {
                self = .noAnswer
            } else {
                self = .queryFailed
            }
        } else if problem.code == .connection || problem.code == .tls {
            self = .notByDNS
        } else {
            self = .unknown
        }
    }

    /// What it means, and what to do, for somebody who runs the zone.
    var hints: [String] {
        switch self {
        case .noRecord:
            [
                "the CA saw no record: does the delegation in the parent zone lead to the servers below, and to them only?",
                "a server that answers the CA and is not listed below, or a view for the outside, has not been updated",
            ]
        case .otherValue(let value):
            [
                "the CA saw another value" + (value.map { " (\($0))" } ?? "")
                    + ": look for a server with stale data, a second view of the zone, or a cache in between",
                "ddns-acme dns verify --repair removes challenges of ours that were left behind",
            ]
        case .serverFailure:
            [
                "a server answers SERVFAIL to the CA: check DNSSEC from outside (delv, or dnsviz.net): expired signatures, a DS"
                    + " record in the parent zone that fits no key; and that each server still has the zone"
            ]
        case .noAnswer:
            [
                "the CA gets no answer: let UDP and TCP port 53 of every authoritative server be reached from everywhere;"
                    + " CAs ask from several places and publish no addresses"
            ]
        case .queryFailed:
            ["the CA's DNS query failed: check delegation, DNSSEC and every authoritative server, from outside"]
        case .caaForbids:
            ["a CAA record forbids this CA, account or method: ddns-acme check names it"]
        case .caaLookupFailed:
            [
                "the CA could not look up CAA, and must not issue then: every authoritative server has to answer the question,"
                    + " with NOERROR or NXDOMAIN, up to the registered domain"
            ]
        case .notByDNS:
            [
                "the CA tried to connect to the device, which DNS validation does not: check that acme.directory is the CA you mean"
            ]
        case .unknown: []
        }
    }

    /// Whether the CA's first look succeeded and one from another network did not (CA/B BR §3.2.2.9, multi-perspective
    /// issuance corroboration), in Boulder's words.
    static func isRemote(_ problem: Problem) -> Bool {
        (problem.detail ?? "").lowercased().contains("during secondary validation")
    }

    private static func quoted(_ detail: String) -> String? {
        let parts = detail.split(separator: "\"", omittingEmptySubsequences: false)
        guard parts.count > 2 else { return nil }
        return "\"" + String(parts[1].prefix(100).map { $0.isASCII && !$0.isNewline ? $0 : "?" }) + "\""
    }
}
