#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A problem document (RFC 9457) as ACME uses it (RFC 8555 §6.7): why the CA refused, in its own words.
///
/// Decoding never fails on a JSON object: members that are missing or of the wrong type are left out.
package struct Problem: Sendable, Hashable, CustomStringConvertible {
    /// The type URI as sent, e.g. `urn:ietf:params:acme:error:rateLimited`; `about:blank` when absent (RFC 9457
    /// §3.1.1).
    package let type: String
    package let title: String?
    package let detail: String?
    /// The HTTP status that the document names, else the one it came with.
    package private(set) var status: Int?
    /// A URI of this occurrence; with `userActionRequired` the page where the user must act (RFC 8555 §7.3.3).
    package let instance: String?
    /// Whose problem it is, in a subproblem (RFC 8555 §6.7.1).
    package let identifier: Identifier?
    package let subproblems: [Problem]
    /// The signature algorithms the server takes, with `badSignatureAlgorithm` (RFC 8555 §6.2).
    package let algorithms: [String]

    /// What the type means here; `otherProblem` for one that is not known.
    package var code: ACMEError.Code {
        guard let name = type.split(separator: ":").last, type.hasPrefix("urn:ietf:params:acme:error:") else {
            return .otherProblem
        }
        // Boulder has no type of its own for a paused name; the text and its link are all there is.
        if name == "rateLimited", detail?.contains("temporarily prevented from requesting certificates") == true {
            return .identifierPaused
        }
        return ACMEError.Code.problemTypes[String(name)] ?? .otherProblem
    }

    /// The first https link in the detail: the documentation of a limit, or the page that ends a pause.
    package var firstLink: String? {
        guard let detail, let start = detail.firstRange(of: "https://")?.lowerBound else { return nil }
        let text = detail[start...].prefix { !$0.isWhitespace && !"\"'<>,)".contains($0) }
        return String(text.hasSuffix(".") ? text.dropLast() : text)
    }

    package var description: String {
        let name =
            type.hasPrefix("urn:ietf:params:acme:error:")
            ? String(type.dropFirst("urn:ietf:params:acme:error:".count)) : type
        var text = Evidence.text(name)
        if let detail = detail ?? title { text += ": \(Evidence.text(detail))" }
        if let identifier { text = "\(identifier): \(text)" }
        if !subproblems.isEmpty {
            text += " [" + subproblems.prefix(10).map(\.description).joined(separator: "; ") + "]"
        }
        return text
    }
}

extension Problem: Decodable {
    private enum CodingKeys: String, CodingKey {
        case type, title, detail, status, instance, identifier, subproblems, algorithms
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func member<Value: Decodable>(_ key: CodingKeys) -> Value? {
            (try? container.decodeIfPresent(Value.self, forKey: key)) ?? nil
        }
        type = member(.type) ?? "about:blank"
        title = member(.title)
        detail = member(.detail)
        status = member(.status)
        instance = member(.instance)
        identifier = member(.identifier)
        subproblems = (member(.subproblems) as [Lenient<Problem>]?)?.compactMap(\.value) ?? []
        algorithms = member(.algorithms) ?? []
    }

    /// The problem in an error answer; `nil` when the body is no JSON object, or one without any member of a problem.
    init?(_ response: ACMEResponse) {
        guard let problem = try? JSONDecoder().decode(Problem.self, from: Data(response.body)),
            problem.type != "about:blank" || problem.detail != nil || problem.title != nil
        else { return nil }
        self = problem
        status = status ?? response.status
    }
}

/// An element that may fail to decode without failing the list it is in.
struct Lenient<Value: Decodable>: Decodable {
    let value: Value?

    init(from decoder: any Decoder) throws {
        value = try? Value(from: decoder)
    }
}
