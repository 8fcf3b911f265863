import ACME
import Foundation
import TestSupport
import Testing

@testable import Issuance

@Suite("What each failure at the CA means (RFC 8555 §6.7)")
struct DiagnosisTests {
    private static let validations: [(type: String, detail: String, finding: ValidationFinding, remedy: String)] = [
        (
            "unauthorized", "No TXT record found at _acme-challenge.dev1.example.com", ValidationFinding.noRecord,
            "delegation"
        ),
        (
            "dns", "DNS problem: NXDOMAIN looking up TXT for _acme-challenge.dev1 - check that a DNS record exists",
            .noRecord, "delegation"
        ),
        (
            "unauthorized", "Incorrect TXT record \"abc\" (and 2 more) found at _acme-challenge.dev1",
            .otherValue("\"abc\""), "stale data"
        ),
        ("incorrectResponse", "not the key authorization", .otherValue(nil), "stale data"),
        (
            "dns",
            "DNS problem: SERVFAIL looking up TXT for _acme-challenge.dev1 - the domain's nameservers may be malfunctioning",
            .serverFailure, "DNSSEC"
        ),
        ("dns", "DNS problem: looking up TXT for x: DNSSEC: DNSKEY Missing", .serverFailure, "DNSSEC"),
        ("dns", "DNS problem: query timed out looking up TXT for x", .noAnswer, "port 53"),
        ("dns", "DNS problem: networking error looking up TXT for x", .noAnswer, "port 53"),
        ("dns", "DNS problem: REFUSED looking up TXT for x", .queryFailed, "delegation"),
        ("dns", "DNS problem: SERVFAIL looking up CAA for example.com", .caaLookupFailed, "CAA"),
        ("caa", "While processing CAA for x: DNS problem: SERVFAIL looking up CAA for x", .caaLookupFailed, "CAA"),
        ("caa", "CAA record for example.com prevents issuance", .caaForbids, "ddns-acme check"),
        ("connection", "192.0.2.1: Fetching http://x: Timeout during connect", .notByDNS, "acme.directory"),
        ("tls", "remote error: tls: handshake failure", .notByDNS, "acme.directory"),
    ]

    @Test("Validation: what the CA met, and what to do about it", arguments: 0..<validations.count)
    func validation(index: Int) async throws {
        let (type, detail, finding, remedy) = Self.validations[index]
        try await OrderFixture.with { fixture in
            fixture.ca.validate = { _, _ in .invalid(type, detail) }
            let error = try #require(try await fixture.failure(fixture.device()) as? IssuanceError)
            #expect(error.code == .challengeFailed)
            let problem = try #require((error.cause as? ACMEError)?.problem)
            #expect(ValidationFinding(problem) == finding)
            // The cause in the CA's words, the evidence of this side, the remedy.
            #expect(error.message.contains(String(detail.prefix(40))))
            #expect(error.hints.contains { $0.contains("192.0.2.53 shows the challenge") })
            #expect(error.hints.contains { $0.contains(remedy) }, "\(error.hints)")
            #expect(error.isTemporary == (finding != .caaForbids))
            #expect(fixture.solver.counts.present == 1)
            #expect(fixture.solver.counts.withdrawn == 1)
        }
    }

    @Test("a CA that looks from several places: seen from the first and not from another has a remedy of its own")
    func severalPlaces() async throws {
        try await OrderFixture.with { fixture in
            fixture.ca.validate = { name, _ in
                .invalid("unauthorized", "During secondary validation: No TXT record found at _acme-challenge.\(name)")
            }
            let error = try #require(try await fixture.failure(fixture.device()) as? IssuanceError)
            #expect(error.code == .challengeFailed && error.isTemporary)
            #expect(error.hints.contains { $0.contains("from one place and not from others") }, "\(error.hints)")
            #expect(error.hints.contains { $0.contains("192.0.2.53 shows the challenge") })
        }
    }

    /// Every type of RFC 8555 §6.7, RFC 9773 §7.4 and the profiles draft; a status that goes with it; whether trying the
    /// same again can help; whom it is held against.
    private static let types: [(type: String, status: Int, isTemporary: Bool, blame: FailureBlame.Kind)] = [
        ("accountDoesNotExist", 400, false, .surroundings), ("alreadyRevoked", 400, false, .surroundings),
        ("badCSR", 400, false, .device), ("badNonce", 400, true, .surroundings),
        ("badPublicKey", 400, false, .device), ("badRevocationReason", 400, false, .surroundings),
        ("badSignatureAlgorithm", 400, false, .surroundings), ("caa", 403, false, .device),
        ("compound", 403, false, .device), ("connection", 400, false, .device), ("dns", 400, false, .device),
        ("externalAccountRequired", 403, false, .surroundings), ("incorrectResponse", 403, false, .device),
        ("invalidContact", 400, false, .surroundings), ("invalidProfile", 400, false, .surroundings),
        ("malformed", 400, false, .surroundings), ("orderNotReady", 403, false, .surroundings),
        ("rateLimited", 429, true, .limit), ("rejectedIdentifier", 403, false, .device),
        ("serverInternal", 500, true, .surroundings), ("tls", 400, false, .device),
        ("unauthorized", 403, false, .surroundings), ("unsupportedContact", 400, false, .surroundings),
        ("unsupportedIdentifier", 400, false, .device), ("userActionRequired", 403, false, .surroundings),
        ("conflict", 409, false, .surroundings),
    ]

    @Test("Order: each problem type has a cause of its own, the CA's words and a remedy", arguments: 0..<types.count)
    func ordering(index: Int) async throws {
        let row = Self.types[index]
        try await OrderFixture.with { fixture in
            let device = try await fixture.device()
            _ = try await fixture.obtain(fixture.device("warm-up"))
            fixture.ca.script = { request in
                request.endpoint == .newOrder ? .problem(row.status, row.type, "the CA's own words") : .proceed
            }
            let error = try #require(try await fixture.failure(device) as? ACMEError)
            #expect(error.code.description == row.type)
            // One nonce refused says nothing; that all of them are does.
            #expect(error.message.contains(row.type == "badNonce" ? "rejects every nonce" : "the CA's own words"))
            let hint = try #require(error.hint)
            #expect(hint.count > 10)
            #expect(error.isTemporary == row.isTemporary)
            #expect(FailureBlame(error).kind == row.blame)
        }
    }

    @Test("RFC 8555 §6.7.1: with subproblems each name's own reason is in the hints")
    func subproblems() {
        let error = ACMEError(.authorizationInvalid, "it failed")
        #expect(FailureTranslation.challenge(error, evidence: []).hints.isEmpty == false)
        #expect(
            FailureTranslation.challenge(error, evidence: ["s shows nothing"]).hints.first?.contains("s shows") == true)
    }
}
