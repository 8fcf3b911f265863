import TestSupport

@testable import DNSUpdate

/// Writes answers as a server would, or as an attacker would: every field is the test's.
struct AnswerForger: Sendable {
    var code = ResponseCode.noError
    /// Signs with this key; the request's key when it is nil.
    var key: TSIGKey?
    /// Seconds added to the time of the signature.
    var timeOffset: Int64 = 0
    var error = ResponseCode.noError
    var otherData: [UInt8] = []
    /// Octets left of the MAC.
    var macLength: Int?

    /// An answer with nothing but a header: no question, no signature.
    static func header(answering request: [UInt8], _ code: ResponseCode, opcode: Opcode = .update) -> [UInt8] {
        let flags = 0x8000 | UInt16(opcode.rawValue) << 11 | code.rawValue
        return Array(request.prefix(2)) + flags.bigEndianBytes + [0, 0, 0, 0, 0, 0, 0, 0]
    }

    /// The unsigned TSIG error that a server sends when it cannot check the request (RFC 8945 §5.3.2).
    static func unsignedError(answering request: [UInt8], _ error: ResponseCode) throws -> [UInt8] {
        try AnswerForger(code: .notAuth, error: error, macLength: 0).answer(to: request, signedWith: nil)
    }

    /// A signed answer without a question (RFC 2136 §3.8 allows that).
    func answer(to request: [UInt8], signedWith requestKey: TSIGKey?) throws -> [UInt8] {
        let layout = try MessageLayout(of: request, limit: 65_535)
        guard let place = layout.tsig else { throw TestFailure("the request is not signed") }
        let asked = try TSIGRecord(place, in: request)
        let variables = TSIGVariables(
            keyName: key?.name ?? asked.keyName, algorithmName: key?.algorithm.name ?? asked.algorithmName,
            timeSigned: UInt64(Int64(asked.timeSigned) + timeOffset), fudge: asked.fudge, error: error,
            otherData: otherData)
        var answer = Self.header(answering: request, code)
        var mac: [UInt8] = []
        if let signer = key ?? requestKey, macLength != 0 {
            let digested = TSIGVariables.requestMAC(asked.mac) + answer + variables.bytes
            guard let whole = signer.algorithm.authenticationCode(for: digested, secret: signer.secret.bytes) else {
                throw TestFailure("no MAC")
            }
            mac = Array(whole.prefix(macLength ?? whole.count))
        }
        let rdata =
            variables.algorithmName.wireBytes + variables.timers + UInt16(mac.count).bigEndianBytes + mac
            + asked.originalID.bigEndianBytes + error.rawValue.bigEndianBytes
            + UInt16(otherData.count).bigEndianBytes + otherData
        answer += variables.keyName.wireBytes + RecordType.tsig.rawValue.bigEndianBytes
        answer += RecordClass.any.rawValue.bigEndianBytes + UInt32(0).bigEndianBytes
        answer += UInt16(rdata.count).bigEndianBytes + rdata
        answer[11] = 1
        return answer
    }

    /// An answer of BIND's to an update with another record appended, counted in the additional section.
    static func appending(_ record: [UInt8], to answer: [UInt8]) -> [UInt8] {
        var answer = answer + record
        answer[11] += 1
        return answer
    }

    /// The TSIG of an answer of BIND's, which is all that follows the zone section.
    static func signature(of answer: [UInt8]) throws -> [UInt8] {
        let layout = try MessageLayout(of: answer, limit: 65_535)
        guard let tsig = layout.tsig else { throw TestFailure("the answer is not signed") }
        return Array(answer[tsig.start...])
    }
}
