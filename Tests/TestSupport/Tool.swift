import Glibc

/// A program that the tests need beside the package. All of them come from `scripts/install-dependencies`.
package enum Tool: String, CaseIterable, Sendable {
    case named
    case namedCheckconf = "named-checkconf"
    case dnssecVerify = "dnssec-verify"
    case rndc
    case tsigKeygen = "tsig-keygen"
    case ddnsConfgen = "ddns-confgen"
    case rndcConfgen = "rndc-confgen"
    case dig
    case nsupdate
    case openssl
    case curl
    case lego
    /// Shifts the clock of a program, such as the one this package builds; not of BIND's, whose jemalloc it hangs.
    case faketime
    case pebble
    case python = "python3"
    /// Builds what is preloaded into programs under test.
    case compiler = "cc"

    /// The root of this package, as the compiler saw it.
    package static let packageRoot = String(#filePath.dropLast("/Tests/TestSupport/Tool.swift".count))

    /// The variable that overrides where this tool is, such as `DDNS_ACME_TEST_PEBBLE`.
    package var variable: String {
        "DDNS_ACME_TEST_" + rawValue.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
    }

    /// Where to look, first match wins. What Debian 12 does not carry (or not recent enough) lives in `.build/peers`.
    private var candidates: [String] {
        let peers = Tool.packageRoot + "/.build/peers"
        switch self {
        case .pebble: return [peers + "/pebble/usr/bin/pebble"]
        // Debian's own, since Debian's packages of Python modules are for it.
        case .python: return ["/usr/bin/python3"]
        default: return ["/usr/sbin/", "/usr/bin/", "/usr/local/sbin/", "/usr/local/bin/"].map { $0 + rawValue }
        }
    }

    /// The tool's absolute path.
    ///
    /// - Throws: ``TestFailure`` when it is missing: the tests need the real thing and never skip.
    package func path() throws -> String {
        let places: [String]
        if let override = getenv(variable) {
            places = [String(cString: override)]
        } else {
            places = candidates
        }
        for place in places where access(place, X_OK) == 0 {
            return place
        }
        throw TestFailure(
            "\(rawValue) is needed by this test and is not at \(places.joined(separator: ", ")); "
                + "run scripts/install-dependencies, or point \(variable) to it")
    }
}
