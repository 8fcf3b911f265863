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

    private let byRoute: [Route: [Endpoint.Method: Endpoint]]
    private let fixed: [String: Route]
    /// Segments of the routes with a parameter.
    private let patterns: [(segments: [Substring], route: Route)]

    init(_ endpoints: [Endpoint]) {
        byRoute = Dictionary(grouping: endpoints, by: \.route).mapValues { endpoints in
            Dictionary(endpoints.map { ($0.method, $0) }) { first, _ in first }
        }
        let routes = Set(byRoute.keys)
        fixed = Dictionary(uniqueKeysWithValues: routes.filter { !$0.rawValue.contains("{") }.map { ($0.rawValue, $0) })
        patterns = routes.filter { $0.rawValue.contains("{") }.map { (Self.segments($0.rawValue), $0) }
    }

    var all: [Endpoint] { byRoute.values.flatMap(\.values) }

    /// - Throws: 404 or 405.
    func match(method: String, path: some StringProtocol) throws(APIProblem) -> Match {
        let routes = routes(of: String(path))
        guard !routes.isEmpty else {
            throw APIProblem(.notFound, "there is no such path", hint: "see \(Route.openAPI.rawValue)")
        }
        let isHead = method == "HEAD"
        let key = Endpoint.Method(rawValue: isHead ? "GET" : method)
        let found = routes.lazy.compactMap { route, raw in
            key.flatMap { byRoute[route]?[$0] }.map { (endpoint: $0, raw: raw) }
        }.first
        guard let (endpoint, raw) = found else {
            var allowed = Set(
                routes.flatMap { route, _ in byRoute[route].map { Array($0.keys) } ?? [] }.map(\.rawValue))
            if allowed.contains("GET") { allowed.insert("HEAD") }
            throw APIProblem(.methodNotAllowed, allowed: allowed.sorted())
        }
        guard let parameter = Self.decode(raw) else {
            throw APIProblem(.malformed, "the path holds a % that does not begin an escaped octet")
        }
        return Match(endpoint: endpoint, parameter: parameter, isHead: isHead)
    }

    /// The fixed one first: a device may be called as one of them is, and has other methods.
    private func routes(of path: String) -> [(route: Route, parameter: Substring)] {
        var found: [(route: Route, parameter: Substring)] = fixed[path].map { [($0, Substring())] } ?? []
        let segments = Self.segments(path)
        for (pattern, route) in patterns where pattern.count == segments.count {
            var parameter: Substring?
            let isMatch = zip(pattern, segments).allSatisfy { expected, actual in
                guard expected.hasPrefix("{") else { return expected == actual }
                parameter = actual
                return !actual.isEmpty
            }
            if isMatch, let parameter { found.append((route, parameter)) }
        }
        return found
    }

    private static func segments(_ path: String) -> [Substring] {
        path.split(separator: "/", omittingEmptySubsequences: false)
    }

    /// RFC 3986 §2.1; nil when it is not well-formed or not UTF-8.
    static func decode(_ text: Substring) -> String? {
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
