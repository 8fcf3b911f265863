import FleetAPI

/// Finds the endpoint of a request. Paths are compared segment by segment, undecoded but for the parameter, so that no
/// encoding of a slash or a dot leads anywhere else.
struct EndpointTable: Sendable {
    struct Match: Sendable {
        let endpoint: Endpoint
        let parameter: String
        /// HEAD: as GET, without the body.
        let isHead: Bool
    }

    /// What can be done at one path.
    private typealias Place = [Endpoint]

    private let fixed: [Substring: Place]
    /// Segments of the routes with a parameter.
    private let patterns: [(segments: [Substring], place: Place)]

    init(_ endpoints: [Endpoint]) {
        let places = Dictionary(grouping: endpoints, by: \.route.rawValue).map { (path: $0.key, place: $0.value) }
        fixed = Dictionary(
            uniqueKeysWithValues: places.filter { !$0.path.contains("{") }.map { ($0.path[...], $0.place) })
        patterns = places.filter { $0.path.contains("{") }.map { (Self.segments($0.path[...]), $0.place) }
    }

    var all: [Endpoint] { (Array(fixed.values) + patterns.map(\.place)).flatMap { $0 } }

    /// - Throws: 404 or 405.
    func match(method: String, path: Substring) throws(APIProblem) -> Match {
        let isHead = method == "HEAD"
        let wanted = isHead ? "GET" : method
        let fixed = fixed[path]
        if let endpoint = fixed?.first(where: { $0.method.rawValue == wanted }) {
            return Match(endpoint: endpoint, parameter: "", isHead: isHead)
        }
        // A device may be called as a path of ours is, and has other methods.
        let found = pattern(of: path)
        guard let endpoint = found?.place.first(where: { $0.method.rawValue == wanted }), let found else {
            let places = [fixed, found?.place].compactMap { $0 }
            guard !places.isEmpty else {
                throw APIProblem(.notFound, "there is no such path", hint: "see \(Route.openAPI.rawValue)")
            }
            var allowed = Set(places.joined().map(\.method.rawValue))
            if allowed.contains("GET") { allowed.insert("HEAD") }
            throw APIProblem(.methodNotAllowed, allowed: allowed.sorted())
        }
        guard let parameter = Self.decode(found.parameter) else {
            throw APIProblem(.malformed, "the path is not UTF-8, or holds a % that does not begin an escaped octet")
        }
        return Match(endpoint: endpoint, parameter: parameter, isHead: isHead)
    }

    private func pattern(of path: Substring) -> (place: Place, parameter: Substring)? {
        let segments = Self.segments(path)
        for (pattern, place) in patterns where pattern.count == segments.count {
            var parameter: Substring?
            let isMatch = zip(pattern, segments).allSatisfy { expected, actual in
                guard expected.hasPrefix("{") else { return expected == actual }
                parameter = actual
                return !actual.isEmpty
            }
            if isMatch, let parameter { return (place, parameter) }
        }
        return nil
    }

    private static func segments(_ path: Substring) -> [Substring] {
        path.split(separator: "/", omittingEmptySubsequences: false)
    }

    /// RFC 3986 §2.1; nil when it is not well-formed or not UTF-8.
    static func decode(_ text: Substring) -> String? {
        guard !text.isEmpty else { return "" }
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            // Digits only: the library's parser takes a sign, too.
            let digits = rest.prefix(2).compactMap { Character(UnicodeScalar($0)).hexDigitValue }
            guard digits.count == 2 else { return nil }
            bytes.append(UInt8(digits[0] << 4 | digits[1]))
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
