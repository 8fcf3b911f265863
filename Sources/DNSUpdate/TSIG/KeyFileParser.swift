/// Reads the `key` statements of a file in named.conf's syntax and steps over every other statement.
struct KeyFileParser {
    private var lexer: KeyFileLexer
    private let path: String
    private let isPrivateKeyFormat: Bool

    init(_ text: [UInt8], path: String) {
        lexer = KeyFileLexer(text)
        self.path = path
        isPrivateKeyFormat = text.starts(with: Array("Private-key-format:".utf8))
    }

    mutating func parse() throws(TSIGKeyFileError) -> [TSIGKey] {
        guard !isPrivateKeyFormat else {
            throw TSIGKeyFileError(
                code: .malformed,
                message: "\(path): this is a K*.private file of dnssec-keygen, which is not supported",
                hint: "make a new key with tsig-keygen, or write its Key: line as the secret of a key statement")
        }
        var keys: [TSIGKey] = []
        while let token = try next() {
            switch token {
            case .word(let word) where word.isKeyword("key"):
                let (key, line) = try parseKey()
                guard !keys.contains(where: { $0.name == key.name }) else {
                    throw error(
                        .duplicateKey, "the key \"\(key.name)\" is there twice", "keep one of the two", line: line)
                }
                keys.append(key)
            case .word:
                try skipStatement()
            case .semicolon:
                continue
            case .string, .open, .close:
                throw syntaxError("a statement was expected")
            }
        }
        guard !keys.isEmpty else {
            throw TSIGKeyFileError(
                code: .noKey, message: "\(path): no key statement is in it",
                hint: "write one with: tsig-keygen NAME > \(path)")
        }
        return keys
    }

    /// `NAME { algorithm WORD; secret STRING; };` with its two clauses in any order.
    private mutating func parseKey() throws(TSIGKeyFileError) -> (TSIGKey, line: Int) {
        guard let nameText = try nextText() else { throw syntaxError("the key's name was expected") }
        let line = lexer.line
        let name: DomainName
        do {
            name = try DomainName(String(decoding: nameText, as: UTF8.self))
        } catch {
            throw self.error(.malformed, "the key's name is invalid: \(error.message)", error.hint, line: line)
        }
        guard try next() == .open else { throw syntaxError("\"{\" was expected after the key's name") }
        var algorithm: (TSIGAlgorithm, macLength: Int)?
        var secret: [UInt8]?
        clauses: while true {
            switch try next() {
            case .close: break clauses
            case .word(let word) where word.isKeyword("algorithm") && algorithm == nil:
                algorithm = try parseAlgorithm()
            case .word(let word) where word.isKeyword("secret") && secret == nil:
                secret = try parseSecret(of: name)
            default: throw syntaxError("one \"algorithm\" and one \"secret\" were expected in the key \"\(name)\"")
            }
        }
        guard try next() == .semicolon else { throw syntaxError("\";\" was expected after the key \"\(name)\"") }
        guard let algorithm, let secret else {
            let clause = algorithm == nil ? "algorithm" : "secret"
            throw error(
                .malformed, "the key \"\(name)\" has no \(clause)", "write the file anew with tsig-keygen", line: line)
        }
        do {
            let macLength = algorithm.macLength
            return (try TSIGKey(name: name, algorithm: algorithm.0, secret: secret, macLength: macLength), line)
        } catch {
            let code: TSIGKeyFileError.Code = error.code == .invalidTruncation ? .unknownAlgorithm : .unusableKey
            throw self.error(code, error.message, error.hint, line: line)
        }
    }

    private mutating func parseAlgorithm() throws(TSIGKeyFileError) -> (TSIGAlgorithm, macLength: Int) {
        guard let text = try nextText() else { throw syntaxError("the algorithm's name was expected") }
        let line = lexer.line
        guard try next() == .semicolon else { throw syntaxError("\";\" was expected after the algorithm") }
        let name = String(decoding: text, as: UTF8.self)
        guard let algorithm = TSIGAlgorithm.parse(configuration: name) else {
            let known = TSIGAlgorithm.all.map(\.description).joined(separator: ", ")
            throw error(
                .unknownAlgorithm, "the algorithm \(name.quotedForMessage) is unknown", "use one of \(known)",
                line: line)
        }
        return algorithm
    }

    private mutating func parseSecret(of name: DomainName) throws(TSIGKeyFileError) -> [UInt8] {
        guard let text = try nextText() else { throw syntaxError("the secret of \"\(name)\" was expected") }
        let line = lexer.line
        guard let secret = Base64.decode(text) else {
            throw error(
                .invalidBase64, "the secret of \"\(name)\" is not base64",
                "copy the whole secret, or write the file anew with tsig-keygen", line: line)
        }
        guard try next() == .semicolon else { throw syntaxError("\";\" was expected after the secret") }
        return secret
    }

    /// Steps over the rest of a statement. The end of the file may take the place of the last semicolon: the last line
    /// of `ddns-confgen` is a shell command.
    private mutating func skipStatement() throws(TSIGKeyFileError) {
        var depth = 0
        while let token = try next() {
            switch token {
            case .open: depth += 1
            case .close:
                guard depth > 0 else { throw syntaxError("\"}\" closes nothing") }
                depth -= 1
            case .semicolon where depth == 0: return
            case .semicolon, .word, .string: continue
            }
        }
        guard depth == 0 else { throw syntaxError("a \"}\" is missing") }
    }

    // MARK: - Tokens

    private mutating func next() throws(TSIGKeyFileError) -> KeyFileLexer.Token? {
        do {
            return try lexer.next()
        } catch {
            switch error {
            case .unterminatedComment: throw syntaxError("a comment does not end")
            case .unterminatedString: throw syntaxError("a quote is not closed")
            }
        }
    }

    private mutating func nextText() throws(TSIGKeyFileError) -> [UInt8]? {
        switch try next() {
        case .word(let text), .string(let text): text
        case .open, .close, .semicolon, nil: nil
        }
    }

    private func syntaxError(_ reason: String) -> TSIGKeyFileError {
        error(
            .malformed, reason, "compare it with the output of tsig-keygen, or ask named-checkconf \(path)",
            line: lexer.line)
    }

    private func error(
        _ code: TSIGKeyFileError.Code, _ reason: String, _ hint: String, line: Int
    ) -> TSIGKeyFileError {
        TSIGKeyFileError(code: code, message: "\(path):\(line): \(reason)", hint: hint)
    }
}

extension [UInt8] {
    /// named reads its keywords without regard to case.
    fileprivate func isKeyword(_ keyword: String) -> Bool {
        elementsEqual(keyword.utf8) { $0.asciiLowercased == $1 }
    }
}
