import Glibc

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Results on standard output: text for people, or with `--json` one object a line.
package enum ResultPrinter {
    package static func json(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// Writes out what has been printed.
    ///
    /// - Throws: status 73 when standard output does not take it.
    package static func flush() throws(CommandFailure) {
        guard fflush(nil) != 0 else { return }
        throw CommandFailure(
            .cannotWrite, "the result cannot be written to standard output: \(String(cString: strerror(errno)))",
            hints: ["nothing was kept; run the command again with somewhere to write to"])
    }
}
