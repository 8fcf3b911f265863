import ArgumentParser
import CertificateFiles
import CommandLineProgram
import FleetConfiguration
import FoundationEssentials
import Glibc
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
    func target() throws -> PKCS12File? {
        guard let pkcs12 else { return nil }
        try Self.proveWritable(pkcs12)
        let location = pkcs12PasswordFile.map(SecretLocation.file) ?? .environment(Self.variable)
        let text = try SecretSource.read(location, environment: ProcessInfo.processInfo.environment)
        // An editor ends a line; the password is what is on it.
        let password = text.hasSuffix("\n") ? text.dropLast() : text[...]
        return try PKCS12File(path: pkcs12, password: Array(password.utf8))
    }

    private static func proveWritable(_ path: String) throws {
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let isDirectory = FileSystem.isDirectory(path)
        guard !isDirectory, access(folder, W_OK | X_OK) == 0 else {
            let reason = isDirectory ? "it is a directory" : String(cString: strerror(errno))
            throw CommandFailure(
                .cannotWrite, "cannot write \(path): \(reason)",
                hints: ["name a file in a directory that exists and that you may write to"])
        }
    }
}
