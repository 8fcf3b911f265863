#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A TSIG key for tests: what `named`, `nsupdate`, `dig` and this package must agree on.
package struct TestTSIGKey: Sendable {
    package let name: String
    /// `hmac-md5`, `hmac-sha1`, `hmac-sha224`, `hmac-sha256`, `hmac-sha384` or `hmac-sha512`; with `-N` to truncate the
    /// MAC to N bits, as `named.conf` allows.
    package let algorithm: String
    /// Base64.
    package let secret: String

    /// - Parameter secret: base64; a fresh random one of the algorithm's output length by default.
    package init(_ name: String, algorithm: String = "hmac-sha256", secret: String? = nil) {
        self.name = name
        self.algorithm = algorithm
        self.secret = secret ?? TestTSIGKey.randomSecret(for: algorithm)
    }

    /// The statement as `tsig-keygen` prints it.
    package var statement: String {
        "key \"\(name)\" {\n\talgorithm \(algorithm);\n\tsecret \"\(secret)\";\n};\n"
    }

    /// The argument of `dig -y` and `nsupdate -y`.
    package var argument: String { "\(algorithm):\(name):\(secret)" }

    /// RFC 8945 §8: a secret should be as long as the hash's output.
    private static func randomSecret(for algorithm: String) -> String {
        let lengths = ["md5": 16, "sha1": 20, "sha224": 28, "sha256": 32, "sha384": 48, "sha512": 64]
        let hash = algorithm.split(separator: "-").dropFirst().first.map(String.init) ?? ""
        return Data((0..<(lengths[hash] ?? 32)).map { _ in UInt8.random(in: .min ... .max) }).base64EncodedString()
    }
}
