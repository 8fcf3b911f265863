/// Puts a zone together from the messages of its transfer (RFC 5936 §2.2), and lets nothing out that is not verified.
struct TransferReader {
    private let source: ZoneTransfer.Source
    private let query: QueryMessage
    private let settings: ZoneTransfer.Settings
    private var verifier: TSIGStreamVerifier?
    /// Records of messages that no signature covers yet.
    private var unverified: [ResourceRecord] = []
    private var opening: StartOfAuthority?
    private(set) var isComplete = false
    private var records = 0
    private var messages = 0
    private var octets = 0

    /// - Parameter request: what signed the request, if anything did.
    init(_ source: ZoneTransfer.Source, query: QueryMessage, request: TSIGContext?, settings: ZoneTransfer.Settings) {
        self.source = source
        self.query = query
        self.settings = settings
        verifier = request.map(TSIGStreamVerifier.init)
    }

    /// What has been transferred; nil before the end.
    var summary: ZoneTransfer.Summary? {
        guard isComplete, let opening else { return nil }
        return ZoneTransfer.Summary(
            startOfAuthority: opening, records: records, messages: messages, octets: octets)
    }

    /// Takes the next message.
    ///
    /// - Parameter now: seconds since the epoch.
    /// - Returns: the records that are known to be the server's by now, the closing SOA left out.
    mutating func read(_ message: [UInt8], now: UInt64) throws(TransferFailure) -> [ResourceRecord] {
        guard !isComplete else { throw failure(.malformed, "a message follows the closing SOA") }
        messages += 1
        octets += message.count
        guard octets <= settings.maximumOctets else {
            throw failure(.tooLarge, "it has more than \(settings.maximumOctets) octets")
        }
        let response: ResponseMessage
        do {
            response = try ResponseMessage.parse(message, limit: Int(UInt16.max))
        } catch {
            throw failure(.malformed, error.message)
        }
        try checkHeader(of: response)
        let isVerified = try verify(message, response, now: now)
        guard response.code == .noError else { throw failure(answer: response.code) }
        // RFC 5936 §2.2: each message holds part of the zone. Without this, a server could go on for ever.
        guard !response.answers.isEmpty, !response.isTruncated, response.authority.isEmpty else {
            throw failure(.malformed, "a message holds no records, is cut short or has records in the wrong section")
        }
        for record in response.answers { try take(record) }
        guard isVerified else {
            // RFC 8945 §5.3.1: the last message is signed.
            guard !isComplete else { throw failure(.notTrusted, "its last message is not signed") }
            return []
        }
        defer { unverified.removeAll(keepingCapacity: true) }
        return unverified
    }

    // MARK: - Messages

    private func checkHeader(of response: ResponseMessage) throws(TransferFailure) {
        // RFC 5936 §2.2.1–2: the ID in each message, the question in the first at most servers.
        guard response.id == query.id, response.opcode == .query, response.questions.count <= 1,
            response.questions.allSatisfy({ $0 == query.question })
        else { throw failure(.malformed, "a message answers something else") }
    }

    /// - Returns: whether everything so far is known to be the server's.
    private mutating func verify(
        _ message: [UInt8], _ response: ResponseMessage, now: UInt64
    ) throws(TransferFailure) -> Bool {
        guard let verdict = verifier?.verify(message, now: now) else { return true }
        switch verdict {
        case .verified: return true
        case .pending: return false
        case .rejected(.refused(let refusal)):
            throw failure(.signatureRefused, "the server rejects key \(source.key?.name ?? .root): \(refusal)")
        case .rejected(let verification):
            let code = response.code == .noError ? "" : "it answered \(response.code), but "
            throw failure(.notTrusted, "message \(messages): \(code)\(verification.objection)")
        }
    }

    // MARK: - Records

    private mutating func take(_ record: ResourceRecord) throws(TransferFailure) {
        guard !isComplete else { throw failure(.malformed, "a record follows the closing SOA") }
        guard record.recordClass == .internet, record.name.isEqualOrBelow(source.zone) else {
            let code: TransferFailure.Code = opening == nil ? .otherZone : .malformed
            throw failure(code, "it holds \(record.name) \(record.recordClass) \(record.type)")
        }
        guard case .soa(let soa) = record.data else {
            guard opening != nil else { throw failure(.malformed, "it does not start with an SOA") }
            records += 1
            guard records <= settings.maximumRecords else {
                throw failure(.tooLarge, "it has more than \(settings.maximumRecords) records")
            }
            unverified.append(record)
            return
        }
        guard record.name == source.zone else {
            throw failure(opening == nil ? .otherZone : .malformed, "it holds the SOA of \(record.name)")
        }
        guard let opening else {
            opening = soa
            unverified.append(record)
            return
        }
        // RFC 5936 §2.2: the same record once more is the end.
        guard soa == opening else {
            throw failure(.changed, "it starts with serial \(opening.serial) and ends with \(soa.serial)")
        }
        guard records > 0 else { throw failure(.empty, "it holds an SOA and nothing else") }
        isComplete = true
    }

    // MARK: - Failures

    private func failure(_ code: TransferFailure.Code, _ evidence: String) -> TransferFailure {
        TransferFailure(code, source, evidence: evidence)
    }

    private func failure(answer: ResponseCode) -> TransferFailure {
        let code: TransferFailure.Code =
            switch answer {
            case .refused: .refused
            case .notAuth: .notAuthoritative
            default: .serverFailure
            }
        return failure(code, "it answered \(answer)")
    }
}
