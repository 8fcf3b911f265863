/// Whether a server shows a TXT value, and if not, what it shows.
package struct TextVisibility: Sendable, Hashable {
    package enum State: Sendable, Hashable {
        /// The value is there.
        case shown
        /// It is not; these others are. None when the name has no TXT record or does not exist.
        case absent(others: [TextData])
        /// The name is an alias, and the value is not at its target either, or the server does not hold the target.
        case alias(to: DomainName)
        /// The name is in a zone below, which other servers hold.
        case delegated(zone: DomainName)
        /// The server answers without authority.
        case notAuthoritative
        /// REFUSED.
        case refused
        /// SERVFAIL or another error code.
        case failed(ResponseCode)
        /// No answer could be had.
        case noAnswer(LookupFailure.Code, evidence: String)
    }

    package let server: DNSEndpoint
    package let state: State
    /// The zone's serial, if the answer told it: negative answers do (RFC 2308 §3).
    package let serial: SerialNumber?

    package var isShown: Bool { state == .shown }

    /// Whether nothing came in the time there was.
    var isSilence: Bool {
        if case .noAnswer(.noAnswer, _) = state { true } else { false }
    }
}

extension TextVisibility: CustomStringConvertible {
    /// What the server does, to stand after its name.
    package var description: String {
        switch state {
        case .shown: "shows it"
        case .absent(let others) where others.isEmpty: "has no TXT record there"
        case .absent(let others): "shows only \(others.prefix(3).map(\.description).joined(separator: " and "))"
        case .alias(let target): "has an alias there, to \(target)"
        case .delegated(let zone): "has it delegated to zone \(zone)"
        case .notAuthoritative: "answers without authority for the zone"
        case .refused: "refuses to answer (REFUSED)"
        case .failed(let code): "answers \(code)"
        case .noAnswer(_, let evidence): "does not answer (\(evidence))"
        }
    }
}

extension AuthoritativeLookup {
    /// Asks one server whether it shows a TXT value at a name, with authority. Never throws: see the state.
    ///
    /// - Parameter value: compared with the joined strings of each record, octet by octet.
    package func visibility(
        of value: String, at name: DomainName, on server: DNSEndpoint, key: TSIGKey? = nil,
        timeout: Duration? = nil, cancellation: Cancellation = .obeyed
    ) async -> TextVisibility {
        let answer: LookupAnswer
        do throws(LookupFailure) {
            answer = try await query(
                name, .txt, at: server, key: key, timeout: timeout, cancellation: cancellation)
        } catch {
            return TextVisibility(
                server: server, state: .noAnswer(error.code, evidence: error.evidence), serial: nil)
        }
        return TextVisibility(of: value, in: answer)
    }
}

extension TextVisibility {
    /// What an answer to a question for TXT records says about one value.
    init(of value: String, in answer: LookupAnswer) {
        self.init(server: answer.server, state: Self.state(of: Array(value.utf8), answer), serial: answer.serial)
    }

    private static func state(of value: [UInt8], _ answer: LookupAnswer) -> State {
        switch answer.outcome {
        case .failed(.refused): return .refused
        case .failed(let code): return .failed(code)
        case .delegated(let zone, _): return .delegated(zone: zone)
        case .alias(let target): return .alias(to: target)
        case .records, .noData, .noName:
            guard answer.isAuthoritative else { return .notAuthoritative }
            let texts = answer.records.compactMap { data -> TextData? in
                if case .txt(let text) = data { text } else { nil }
            }
            if texts.contains(where: { $0.joined == value }) { return .shown }
            // What is asked for was put at the alias itself, where BIND ignores it without a word (RFC 2136 §3.4.2.2).
            if let target = answer.aliases.last { return .alias(to: target) }
            return .absent(others: texts)
        }
    }
}
