/// Cuts a configuration file in named.conf's syntax into words, strings and the characters `{`, `}`, `;`.
struct KeyFileLexer {
    enum Token: Hashable {
        case word([UInt8])
        /// What stood between quotes.
        case string([UInt8])
        case open, close, semicolon
    }

    /// Why the file cannot be cut.
    enum Fault: Error { case unterminatedComment, unterminatedString }

    private let text: [UInt8]
    private var position = 0
    /// Of the token that was read last, or of the fault; from 1.
    private(set) var line = 1
    /// Of the octet that is read next.
    private var currentLine = 1

    init(_ text: [UInt8]) {
        self.text = text
    }

    /// The next token; nil at the end of the file.
    mutating func next() throws(Fault) -> Token? {
        try skipSpaceAndComments()
        line = currentLine
        guard let octet = peek() else { return nil }
        switch octet {
        case UInt8(ascii: "{"):
            advance()
            return .open
        case UInt8(ascii: "}"):
            advance()
            return .close
        case UInt8(ascii: ";"):
            advance()
            return .semicolon
        case UInt8(ascii: "\""): return .string(try readString())
        default: return .word(readWord())
        }
    }

    private mutating func readString() throws(Fault) -> [UInt8] {
        advance()
        var string: [UInt8] = []
        while let octet = peek(), octet != UInt8(ascii: "\"") {
            advance()
            // named keeps the backslash, except before a quote.
            if octet == UInt8(ascii: "\\"), peek() == UInt8(ascii: "\"") {
                string.append(UInt8(ascii: "\""))
                advance()
            } else {
                string.append(octet)
            }
        }
        guard peek() != nil else { throw .unterminatedString }
        advance()
        return string
    }

    private mutating func readWord() -> [UInt8] {
        var word: [UInt8] = []
        while let octet = peek(), !octet.isSpace, !octet.endsWord, !isAtComment {
            word.append(octet)
            advance()
        }
        return word
    }

    private mutating func skipSpaceAndComments() throws(Fault) {
        while let octet = peek() {
            if octet.isSpace {
                advance()
            } else if isAtComment {
                try skipComment()
            } else {
                return
            }
        }
    }

    private var isAtComment: Bool {
        switch peek() {
        case UInt8(ascii: "#"): true
        case UInt8(ascii: "/"): peek(1) == UInt8(ascii: "/") || peek(1) == UInt8(ascii: "*")
        default: false
        }
    }

    private mutating func skipComment() throws(Fault) {
        guard peek() == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*") else {
            while position < text.count, text[position] != UInt8(ascii: "\n") { advance() }
            return
        }
        line = currentLine
        advance()
        advance()
        while peek() != nil {
            if peek() == UInt8(ascii: "*"), peek(1) == UInt8(ascii: "/") {
                advance()
                advance()
                return
            }
            advance()
        }
        throw .unterminatedComment
    }

    private func peek(_ distance: Int = 0) -> UInt8? {
        position + distance < text.count ? text[position + distance] : nil
    }

    private mutating func advance() {
        if text[position] == UInt8(ascii: "\n") { currentLine += 1 }
        position += 1
    }
}

extension UInt8 {
    fileprivate var isSpace: Bool { self == 0x20 || (0x09...0x0D).contains(self) }

    fileprivate var endsWord: Bool {
        [UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: ";"), UInt8(ascii: "\"")].contains(self)
    }
}
