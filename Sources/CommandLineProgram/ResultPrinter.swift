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
}
