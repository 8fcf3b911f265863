/// A line of BIND's query log.
package struct LoggedQuery: Sendable, CustomStringConvertible {
    /// ISO 8601 UTC with milliseconds, so that text order is time order.
    package let time: String
    /// The client's port at 127.0.0.1.
    package let clientPort: Int
    package let name: String
    package let type: String
    package let description: String

    /// `nil` for any other line.
    init?(_ line: String) {
        // 2026-01-01T00:00:00.000Z queries: info: client @0x7f 127.0.0.1#41000 (x.test): query: x.test IN SOA +E(0)K (…)
        // With TSIG "/key name" stands before the parenthesis.
        guard line.contains(" queries: "), let start = line.firstRange(of: ": query: ")?.upperBound else { return nil }
        let question = line[start...].split(separator: " ")
        let words = line.split(separator: " ")
        guard question.count >= 3, let time = words.first,
            let client = words.first(where: { $0.hasPrefix("127.0.0.1#") }),
            let port = Int(client.dropFirst("127.0.0.1#".count).prefix { $0.isNumber })
        else { return nil }
        self.time = String(time)
        clientPort = port
        name = String(question[0])
        type = String(question[2])
        description = line
    }
}
