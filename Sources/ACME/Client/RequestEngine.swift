import Logging

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Sends requests and repeats them where that is safe: the part of RFC 8555 §6 below the resources.
struct RequestEngine: Sendable {
    /// Whether a request may be sent again when it is unknown if the server acted on it.
    enum Repetition: Sendable {
        /// Doing it twice is the same as doing it once: reads, and writes that set a state.
        case safe
        /// Only when it surely was not carried out.
        case onlyIfUntouched
    }

    let transport: any ACMETransport
    let configuration: ClientConfiguration
    let clock: any ACMEClock
    /// Uniform in 0..<1.
    let random: @Sendable () -> Double
    let logger: Logger
    let nonces: NoncePool
    let gate: any ACMERequestGate

    // MARK: Unsigned

    /// GET without authentication: the directory (RFC 8555 §7.1.1) and ARI (RFC 9773 §4.1) only.
    func get(_ url: ACMEURL, _ endpoint: ACMEEndpoint) async throws(ACMEError) -> ACMEResponse {
        var budget = RetryBudget(configuration, clock)
        while true {
            let request = ACMERequest(method: .get, url: url, headers: headers(accept: "application/json"))
            do throws(ACMEError) {
                try await gate.admit(to: endpoint)
                let response = try await exchange(request, &budget)
                if let nonce = response.replayNonce { nonces.deposit(nonce) }
                return try await check(response, url, endpoint)
            } catch {
                try await pause(after: error, .safe, &budget)
            }
        }
    }

    // MARK: Signed

    /// POST with a signed body, or POST-as-GET when `payload` is empty (RFC 8555 §6.2, §6.3).
    ///
    /// - Parameter newNonce: where to get a nonce when none is at hand.
    func post(
        _ url: ACMEURL, _ endpoint: ACMEEndpoint, payload: [UInt8], signedBy signer: some JWSSigner,
        as identity: JWS.Identity,
        newNonce: ACMEURL, accept: String = "application/json", _ repetition: Repetition
    ) async throws(ACMEError) -> ACMEResponse {
        var budget = RetryBudget(configuration, clock)
        while true {
            do throws(ACMEError) {
                // Before a nonce is taken, which would be lost with a request that may not leave.
                try await gate.admit(to: endpoint)
                var nonce = try await takeNonce(newNonce, &budget)
                while true {
                    let response: ACMEResponse
                    do throws(ACMEError) {
                        var request = ACMERequest(method: .post, url: url, headers: headers(accept: accept))
                        request.headers["Content-Type"] = "application/jose+json"
                        request.body = try signer.signedBody(as: identity, nonce: nonce, url: url, payload: payload)
                        response = try await exchange(request, &budget)
                    } catch {
                        nonces.settle(returning: nil)
                        throw error
                    }
                    // "the server MUST include a fresh nonce in error answers; the client SHOULD retry with it" (RFC
                    // 8555 §6.5)
                    if !response.isSuccess, let fresh = response.replayNonce, Problem(response)?.code == .badNonce {
                        do throws(ACMEError) {
                            try await budget.spendNonce(url, clock)
                        } catch {
                            nonces.settle(returning: fresh)
                            throw error
                        }
                        // Front ends that share no nonces: the next one may be asked by another.
                        nonce = fresh
                        if budget.doubtsNonces { nonce = try await fetchNonce(newNonce, &budget) }
                        continue
                    }
                    nonces.settle(returning: response.replayNonce)
                    return try await check(response, url, endpoint)
                }
            } catch {
                try await pause(after: error, repetition, &budget)
            }
        }
    }

    private func takeNonce(_ newNonce: ACMEURL, _ budget: inout RetryBudget) async throws(ACMEError) -> String {
        switch await nonces.take() {
        case .nonce(let nonce): return nonce
        case .cancelled: throw ACMEError(.cancelled, "cancelled while waiting for a nonce", url: newNonce)
        case .fetch: return try await fetchNonce(newNonce, &budget)
        }
    }

    /// A nonce from newNonce, in place of one that is held.
    private func fetchNonce(_ newNonce: ACMEURL, _ budget: inout RetryBudget) async throws(ACMEError) -> String {
        do throws(ACMEError) {
            // RFC 8555 §7.2: HEAD, or GET which the server answers with an empty body
            try await gate.admit(to: .newNonce)
            let request = ACMERequest(method: .head, url: newNonce, headers: headers(accept: "*/*"))
            let response = try await check(exchange(request, &budget), newNonce, .newNonce)
            guard let nonce = response.replayNonce else {
                throw ACMEError(.protocolViolation, "\(newNonce) hands out no usable nonce", url: newNonce)
            }
            return nonce
        } catch {
            nonces.settle(returning: nil)
            // A nonce was asked for, nothing else: the request itself has not left yet.
            throw error.beforeRequest
        }
    }

    // MARK: One exchange

    private func exchange(
        _ request: ACMERequest, _ budget: inout RetryBudget
    ) async throws(ACMEError) -> ACMEResponse {
        let remaining = try budget.remaining(request.url, clock)
        do throws(ACMETransportError) {
            let response = try await transport.send(request, timeout: min(remaining, configuration.requestTimeout))
            logger.debug(
                "acme exchange",
                metadata: [
                    "acme.method": "\(request.method.rawValue)", "acme.url": "\(request.url)",
                    "acme.status": "\(response.status)",
                ])
            guard response.body.count <= ACMEResponse.maximumBodySize else {
                throw ACMETransportError(.bodyTooLarge, "the answer is over 1 MiB", mayHaveReachedServer: true)
            }
            return response
        } catch {
            logger.debug(
                "acme exchange failed",
                metadata: [
                    "acme.method": "\(request.method.rawValue)", "acme.url": "\(request.url)", "acme.error": "\(error)",
                ])
            throw ACMEError(error, url: request.url)
        }
    }

    private func check(
        _ response: ACMEResponse, _ url: ACMEURL, _ endpoint: ACMEEndpoint
    ) async throws(ACMEError) -> ACMEResponse {
        guard response.isSuccess else {
            throw ACMEError(response, url: url, endpoint: endpoint, receivedAt: clock.now)
        }
        await gate.succeeded(endpoint)
        return response
    }

    private func headers(accept: String) -> ACMEHeaders {
        ["User-Agent": configuration.userAgent, "Accept-Language": configuration.acceptLanguage, "Accept": accept]
    }

    /// Returns when the request should be sent again, else throws the error.
    private func pause(
        after error: ACMEError, _ repetition: Repetition, _ budget: inout RetryBudget
    ) async throws(ACMEError) {
        let delay = budget.delay(after: error, repetition, configuration, random())
        var isOver = true
        if let delay { isOver = try delay >= budget.remaining(error.url, clock) }
        // Without a time to wait, a first 503 is repeated below and says nothing yet about the endpoint.
        if let endpoint = error.refusedBy, isOver || error.retryAfter != nil { await gate.refused(endpoint, error) }
        guard let delay, !isOver else { throw error }
        logger.debug("acme retry", metadata: ["acme.error": "\(error.code)", "acme.delay": "\(delay)"])
        do {
            try await clock.sleep(for: delay)
        } catch {
            throw ACMEError(.cancelled, "cancelled while waiting to ask the CA again")
        }
    }
}
