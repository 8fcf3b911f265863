import ArgumentParser
import CertificateFiles
import FleetConfiguration
import FoundationEssentials
import PKCS12

/// `--pkcs12 FILE`: key and chain in the one file that some appliances want.
struct PKCS12Options: ParsableArguments {
    private static let variable = "DDNS_ACME_PKCS12_PASSWORD"

    @Option(
        help: ArgumentHelp("Write key and chain into this PKCS #12 file as well.", valueName: "file"),
        completion: .file())
    var pkcs12: String?

    @Option(
        help: ArgumentHelp(
            "The file with its password (default: $\(Self.variable)).", valueName: "file"), completion: .file())
    var pkcs12PasswordFile: String?

    func validate() throws {
        guard pkcs12PasswordFile == nil || pkcs12 != nil else {
            throw ValidationError("--pkcs12-password-file needs --pkcs12")
        }
    }

    /// Read before anything is asked of a CA, so that a password that is missing costs nothing.
    func target() throws -> Target? {
        guard let pkcs12 else { return nil }
        let location = pkcs12PasswordFile.map(SecretLocation.file) ?? .environment(Self.variable)
        let text = try SecretSource.read(location, environment: ProcessInfo.processInfo.environment)
        // An editor ends a line; the password is what is on it.
        let password = text.hasSuffix("\n") ? text.dropLast() : text[...]
        guard !password.isEmpty else {
            throw CommandFailure(
                .badInput, "the password for \(pkcs12) is empty", hints: ["it protects the private key"])
        }
        return Target(path: pkcs12, password: Array(password.utf8))
    }

    /// Where the bundle goes. The password is in no description.
    struct Target: Sendable, CustomStringConvertible, CustomReflectable {
        let path: String
        private let password: [UInt8]

        init(path: String, password: [UInt8]) {
            self.path = path
            self.password = password
        }

        /// Brings the bundle up to what the four files hold; one that holds it already is left alone.
        func update(from files: CertificateFiles) throws {
            let present = try files.present()
            guard let chain = present.fullChain, let key = present.privateKey else {
                throw CommandFailure(
                    .badInput, "there is no private key in \(files.directory) for \(path)",
                    hints: ["--pkcs12 needs the key: leave --csr out, or make the bundle where the key is"])
            }
            if let file = try SecretFile.bytes(path), PKCS12Bundle.holds(chain, in: file, password: password) { return }
            let bytes: [UInt8]
            do throws(PKCS12Error) {
                bytes = try PKCS12Bundle.make(fullChain: chain, privateKey: key, password: password)
            } catch {
                throw CommandFailure(.badInput, "\(path) is not written: \(error.message)", hints: [error.hint])
            }
            try SecretFile.write(bytes, to: path)
        }

        var description: String { path }
        var customMirror: Mirror { Mirror(self, children: ["path": path]) }
    }
}
