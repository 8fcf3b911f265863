/// Where the parts of a message lie: a walk over hostile bytes that must succeed before libldns sees any of them.
///
/// It bounds all later work: every length and count fits the bytes, nothing is left over, compression pointers lead
/// backwards in a bounded number of steps, OPT and TSIG occur at most once and where they may.
struct MessageLayout {
    enum Section: Int, CaseIterable { case answer, authority, additional }

    /// One record, as offsets into the message.
    struct Record {
        let section: Section
        let start: Int
        let type: RecordType
        let recordClass: RecordClass
        let ttl: UInt32
        let rdata: Range<Int>
    }

    let header: MessageHeader
    /// Where each question starts and ends.
    let questions: [Range<Int>]
    /// All records in order, without OPT and TSIG.
    let records: [Record]
    let opt: Record?
    /// The last record of the message, if it is a TSIG.
    let tsig: Record?

    /// Walks over the message. `limit` is the most octets that are looked at.
    init(of message: [UInt8], limit: Int) throws(MessageError) {
        guard message.count <= limit else {
            throw MessageError(
                code: .tooLarge, message: "the message has \(message.count) octets, more than the \(limit) accepted",
                hint: "an answer of this size is not expected; look at what the server sends")
        }
        guard let header = MessageHeader(message) else {
            throw .malformed("\(message.count) octets are less than a header")
        }
        self.header = header
        var scanner = MessageScanner(message, at: MessageHeader.length)
        var questions: [Range<Int>] = []
        for _ in 0..<header.questionCount { questions.append(try scanner.skipQuestion()) }
        self.questions = questions

        var records: [Record] = []
        var opt: Record?
        var tsig: Record?
        let counts = [header.answerCount, header.authorityCount, header.additionalCount]
        for (section, count) in zip(Section.allCases, counts) {
            for _ in 0..<count {
                let record = try scanner.skipRecord(in: section)
                // RFC 8945 §5.1: TSIG is the last record of the additional section, and the only one.
                guard tsig == nil else { throw .malformedTSIG("a record follows it") }
                switch record.type {
                case .tsig:
                    guard section == .additional else { throw .malformedTSIG("it is outside the additional section") }
                    tsig = record
                case .opt:
                    // RFC 6891 §6.1.1: at most one, and its owner is the root.
                    guard opt == nil, section == .additional, message[record.start] == 0 else {
                        throw .malformed("an OPT record is repeated, misplaced or not at the root")
                    }
                    opt = record
                default:
                    records.append(record)
                }
            }
        }
        guard scanner.isAtEnd else { throw .malformed("bytes follow the last record") }
        self.records = records
        self.opt = opt
        self.tsig = tsig
    }
}
