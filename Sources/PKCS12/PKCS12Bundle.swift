import NIOSSL
import SwiftASN1
import X509

/// A PKCS #12 file (RFC 7292) with a private key, its certificate and the chain, for appliances that take nothing else:
/// PBES2 with AES-256-CBC, and a MAC that every reader of the last twenty years knows.
package enum PKCS12Bundle {
    /// Passwords longer than this are a file given by mistake.
    private static let passwordLimit = 1_024

    /// - Parameters:
    ///   - fullChain: PEM, the leaf first.
    ///   - privateKey: PEM, not encrypted; the leaf's.
    ///   - password: at least one octet and no NUL: it protects the key.
    /// - Throws: ``PKCS12Error``; the key and the password are never in it.
    package static func make(fullChain: String, privateKey: String, password: [UInt8]) throws(PKCS12Error) -> [UInt8] {
        try check(password)
        let (chain, key) = try parts(fullChain, privateKey)
        do {
            return try NIOSSLPKCS12Bundle(certificateChain: chain, privateKey: key).serialize(passphrase: password)
        } catch {
            throw PKCS12Error(.unusable, "the key and the chain cannot be put into a PKCS #12 file (\(error))")
        }
    }

    /// Whether the file opens with that password and holds this leaf.
    ///
    /// - Parameter fullChain: PEM, the leaf first.
    package static func holds(_ fullChain: String, in file: [UInt8], password: [UInt8]) -> Bool {
        guard (try? check(password)) != nil,
            let bundle = try? NIOSSLPKCS12Bundle(buffer: file, passphrase: password),
            let leaf = try? NIOSSLCertificate.fromPEMBytes(Array(fullChain.utf8)).first
        else { return false }
        return bundle.certificateChain.first == leaf
    }

    static func check(_ password: [UInt8]) throws(PKCS12Error) {
        guard !password.isEmpty else {
            throw PKCS12Error(.password, "the password is empty", hint: "it protects the private key")
        }
        guard password.count <= passwordLimit, !password.contains(0) else {
            throw PKCS12Error(
                .password, "the password of a PKCS #12 file has 1 to \(passwordLimit) octets and no NUL",
                hint: "put the password alone into the file or the variable")
        }
    }

    private static func parts(
        _ fullChain: String, _ privateKey: String
    ) throws(PKCS12Error) -> ([NIOSSLCertificate], NIOSSLPrivateKey) {
        do {
            // The library does not look whether the two belong together, and what it makes of a pair that does not is undefined.
            guard let start = fullChain.firstRange(of: "-----END CERTIFICATE-----"),
                try Certificate(pemEncoded: String(fullChain[..<start.upperBound])).publicKey
                    == Certificate.PrivateKey(pemEncoded: privateKey).publicKey
            else {
                throw PKCS12Error(
                    .mismatch, "the private key is not that of the certificate",
                    hint: "issue the certificate anew: --force")
            }
            let chain = try NIOSSLCertificate.fromPEMBytes(Array(fullChain.utf8))
            let key = try NIOSSLPrivateKey(bytes: Array(privateKey.utf8), format: .pem)
            return (chain, key)
        } catch let error as PKCS12Error {
            throw error
        } catch {
            throw PKCS12Error(.unusable, "the key or the chain cannot be read (\(error))")
        }
    }
}
