// libFuzzer's target for what reads bytes from the network: the parser of answers and the verifier of their signatures.
// scripts/fuzz compiles it together with the sources it tries; it is no part of the package.
import Glibc

/// One input: a signed request and what came back, each with a length prefix of two octets, as in the corpus.
///
/// Real pairs of request and answer are in the corpus. HMAC cannot be guessed: whatever else verifies was believed without
/// having been signed by the server, which ends the run.
enum AnswerFuzzer {
    /// The key that the corpus was recorded with. `secret` is 32 octets from 0 to 31.
    static let key: TSIGKey? = try? TSIGKey(
        name: DomainName("fuzz-key"), algorithm: .hmacSHA256, secret: Array(0..<32))

    /// The conversations of the corpus.
    static let genuine: Set<[UInt8]> = {
        guard let folder = getenv("FUZZ_GENUINE"), let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var found: Set<[UInt8]> = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard let file = fopen("\(String(cString: folder))/\(name)", "rb") else { continue }
            defer { fclose(file) }
            var bytes = [UInt8](repeating: 0, count: 1 << 20)
            let count = fread(&bytes, 1, 1 << 20, file)
            let frames = split(Array(bytes.prefix(count)))
            guard let request = frames.first, let context = context(of: request) else { continue }
            // Each beginning of a stream of answers is genuine, too.
            for count in 1..<max(2, frames.count) { found.insert(conversation(context, frames[1...].prefix(count))) }
        }
        return found
    }()

    static func split(_ input: [UInt8]) -> [[UInt8]] {
        var frames: [[UInt8]] = []
        var reader = ByteReader(input)
        while let length = reader.readUInt16(), frames.count < 8 {
            frames.append(reader.read(Int(length)) ?? reader.readRest())
        }
        return frames
    }

    /// What a signature vouches for: all but the ID in the header, which a forwarder may change, and the case of names.
    static func conversation(_ context: TSIGContext, _ answers: ArraySlice<[UInt8]>) -> [UInt8] {
        context.requestMAC + answers.flatMap { $0.dropFirst(2).map(\.asciiLowercased) }
    }

    static func context(of request: [UInt8]) -> TSIGContext? {
        guard let key, let layout = try? MessageLayout(of: request, limit: 65_535), let record = layout.tsig,
            let tsig = try? TSIGRecord(record, in: request)
        else { return nil }
        return TSIGContext(
            key: key, requestID: layout.header.id, requestMAC: tsig.mac, timeSigned: tsig.timeSigned, fudge: tsig.fudge)
    }

    static func run(_ input: [UInt8]) {
        let frames = split(input)
        guard let request = frames.first else { return }
        let answers = frames.dropFirst()
        for answer in answers { read(answer) }
        guard let context = context(of: request) else { return }
        if let answer = answers.first { verify(answer, context) }
        verifyStream(answers, context)
    }

    /// Whatever the parser accepts holds together: counts, names, and data that is written back is read again.
    static func read(_ bytes: [UInt8]) {
        guard let message = try? ResponseMessage.parse(bytes, limit: 65_535) else { return }
        check(message.questions.count == Int(message.header.questionCount), "questions")
        check(message.answers.count <= Int(message.header.answerCount), "answers")
        for record in message.answers + message.authority + message.additional {
            check(record.name.wireBytes.count <= 255, "a name's length")
            check((try? DomainName(wire: record.name.wireBytes)) != nil, "a name")
            check(RecordData(type: record.type, rdata: record.data.wireBytes) == record.data, "data")
            check(!record.description.isEmpty, "text")
        }
        check(message.tsig == nil || message.header.additionalCount > 0, "a TSIG that is not counted")
    }

    static func verify(_ answer: [UInt8], _ context: TSIGContext) {
        let isBelieved =
            switch TSIGVerifier.verify(answer, to: context, now: context.timeSigned, limit: 65_535) {
            case .verified, .outsideFudge, .shortMAC: true
            case .refused(let refusal): refusal.isSigned
            default: false
            }
        guard isBelieved else { return }
        check(genuine.contains(conversation(context, [answer])), "an answer was believed that was never signed")
    }

    static func verifyStream(_ answers: ArraySlice<[UInt8]>, _ context: TSIGContext) {
        var verifier = TSIGStreamVerifier(context)
        var taken: [[UInt8]] = []
        for answer in answers {
            taken.append(answer)
            switch verifier.verify(answer, now: context.timeSigned) {
            case .rejected: return
            case .pending: continue
            case .verified:
                check(
                    genuine.contains(conversation(context, taken[...])), "a stream was believed that was never signed")
            }
        }
    }

    static func check(_ condition: Bool, _ what: String) {
        guard !condition else { return }
        print("AnswerFuzzer: wrong: \(what)")
        fflush(nil)
        abort()
    }
}

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    AnswerFuzzer.run(Array(UnsafeBufferPointer(start: data, count: count)))
    return 0
}
