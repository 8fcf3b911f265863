/// Checks the messages of one long answer, such as a zone transfer's, in their order (RFC 8945 §5.3.1).
///
/// Each MAC covers the one before it and every message since, so that none can be left out, repeated or moved.
struct TSIGStreamVerifier {
    enum Verdict: Hashable {
        /// This message, and every unsigned one before it, is the server's.
        case verified
        /// It is not signed: nothing is known about it until a signed one follows.
        case pending
        /// Nothing since the last `verified` may be believed; the connection is to be closed.
        case rejected(TSIGVerification)
    }

    /// RFC 8945 §5.3.1: as many must be accepted without a TSIG between two that have one.
    static let maximumUnsigned = 99

    private let request: TSIGContext
    private var priorMAC: [UInt8]
    private var isFirst = true
    private var unsigned: [UInt8] = []
    private var unsignedCount = 0

    init(_ request: TSIGContext) {
        self.request = request
        priorMAC = request.requestMAC
    }

    /// - Parameter now: seconds since the epoch.
    mutating func verify(_ message: [UInt8], now: UInt64) -> Verdict {
        do {
            let layout = try MessageLayout(of: message, limit: Int(UInt16.max))
            guard let record = layout.tsig else { return take(unsigned: message) }
            let tsig = try TSIGRecord(record, in: message)
            let isFirst = isFirst
            // The first is signed like any answer; those after it leave out what does not change.
            let digest = TSIGVerifier.Digest(prefix: TSIGVariables.requestMAC(priorMAC) + unsigned) {
                isFirst ? $0.bytes : $0.timers
            }
            let verification = TSIGVerifier.check(
                tsig, in: message, start: record.start, layout, request, now, digest: digest)
            guard case .verified = verification else { return .rejected(verification) }
            self.isFirst = false
            priorMAC = tsig.mac
            unsigned = []
            unsignedCount = 0
            return .verified
        } catch {
            return .rejected(.malformed(error))
        }
    }

    private mutating func take(unsigned message: [UInt8]) -> Verdict {
        guard !isFirst, unsignedCount < Self.maximumUnsigned else { return .rejected(.missing) }
        unsigned += message
        unsignedCount += 1
        return .pending
    }
}
