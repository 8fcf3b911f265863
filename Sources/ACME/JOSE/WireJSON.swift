#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// JSON to and from the wire, with this module's errors.
enum WireJSON {
    static func encode(_ value: some Encodable) throws(ACMEError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(value))
        } catch {
            throw ACMEError(.invalidInput, "not encodable as JSON: \(error)")
        }
    }

    /// - Parameter what: names the resource in the message, e.g. "order".
    /// - Throws: `protocolViolation` naming the member that is missing or of the wrong type.
    static func decode<Value: Decodable>(
        _: Value.Type, _ what: String, from response: ACMEResponse, url: ACMEURL
    ) throws(ACMEError) -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(response.body))
        } catch {
            throw ACMEError(
                .protocolViolation,
                "the answer of \(url) is not an ACME \(what): \(reason(error)); it begins "
                    + Evidence.quote(Array(response.body.prefix(80))),
                url: url)
        }
    }

    private static func reason(_ error: any Error) -> String {
        func path(_ context: DecodingError.Context, _ key: (any CodingKey)? = nil) -> String {
            let keys = context.codingPath + (key.map { [$0] } ?? [])
            return Evidence.quote(keys.map(\.stringValue).joined(separator: "."))
        }
        switch error {
        case let error as ACMEError: return error.message
        case DecodingError.keyNotFound(let key, let context): return "\(path(context, key)) is missing"
        case DecodingError.valueNotFound(_, let context): return "\(path(context)) is null"
        case DecodingError.typeMismatch(_, let context): return "\(path(context)) has the wrong type"
        case DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty:
            return "\(path(context)) is invalid (\(Evidence.text(context.debugDescription)))"
        default: return "it is not JSON"
        }
    }
}
