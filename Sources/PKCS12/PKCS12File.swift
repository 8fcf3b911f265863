package import CertificateFiles

/// A PKCS #12 file beside the four PEM files. Its password is in no description.
package struct PKCS12File: Sendable, CustomStringConvertible, CustomReflectable {
    package let path: String
    private let password: [UInt8]

    /// - Throws: `password` for one that cannot protect anything.
    package init(path: String, password: [UInt8]) throws(PKCS12Error) {
        try PKCS12Bundle.check(password)
        self.path = path
        self.password = password
    }

    /// Brings it up to what the four files hold; one that holds it already is left alone.
    ///
    /// - Returns: whether it had to be written.
    /// - Throws: ``PKCS12Error``, and `CertificateFilesError` when a file cannot be read or written.
    @discardableResult
    package func update(from files: CertificateFiles) throws -> Bool {
        let present = try files.present()
        guard let chain = present.fullChain, let key = present.privateKey else {
            throw PKCS12Error(
                .mismatch, "there is no private key with its certificate in \(files.directory)",
                hint: "the bundle needs the key: make it where the key is")
        }
        if let file = try SecretFile.bytes(path), PKCS12Bundle.holds(chain, in: file, password: password) {
            return false
        }
        try SecretFile.write(
            PKCS12Bundle.make(fullChain: chain, privateKey: key, password: password), to: path)
        return true
    }

    package var description: String { path }
    package var customMirror: Mirror { Mirror(self, children: ["path": path]) }
}
