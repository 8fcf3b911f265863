import FoundationEssentials

/// What the CA and the primary have been asked so far, by their own count.
struct IssuanceCounts {
    var requests: Int
    var queries: Int
    var updates: Int

    static func now(_ bench: Bench, _ authority: Authority) throws -> IssuanceCounts {
        let log = try Data(contentsOf: URL(filePath: "\(authority.folder)/pebble.log"))
        // One line for each request.
        let requests = String(decoding: log, as: UTF8.self).split(separator: "\n").count {
            $0.contains("calling handler")
        }
        let socket = try LoopbackSocket(port: bench.statisticsPort)
        defer { socket.close() }
        try socket.write(Array("GET /xml/v3/server HTTP/1.0\r\nHost: localhost\r\n\r\n".utf8))
        var answer: [UInt8] = []
        while let part = try? socket.readSome(1 << 16) { answer += part }
        let text = String(decoding: answer, as: UTF8.self)
        return IssuanceCounts(requests: requests, queries: counter("QUERY", text), updates: counter("UPDATE", text))
    }

    func since(_ earlier: IssuanceCounts) -> IssuanceCounts {
        IssuanceCounts(
            requests: requests - earlier.requests, queries: queries - earlier.queries,
            updates: updates - earlier.updates)
    }

    func figures(certificates: Int) -> Bench.Figures {
        let count = Double(certificates)
        return [
            ("ACME requests a certificate", Double(requests) / count),
            ("DNS updates a certificate", Double(updates) / count),
            ("DNS queries a certificate", Double(queries) / count),
        ]
    }

    /// The first counter of that name is that of the opcode.
    private static func counter(_ name: String, _ text: String) -> Int {
        guard let start = text.firstRange(of: "<counter name=\"\(name)\">")?.upperBound else { return 0 }
        return Int(text[start...].prefix { $0.isNumber }) ?? 0
    }
}
