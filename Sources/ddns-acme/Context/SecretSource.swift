import CertificateFiles
import CommandLineProgram
import FleetConfiguration

/// Reads a secret from where the configuration says it is.
enum SecretSource {
    static func read(_ location: SecretLocation, environment: [String: String]) throws -> String {
        switch location {
        case .file(let path):
            guard let text = try SecretFile.read(path) else {
                throw CommandFailure(
                    .configuration, "the secret file \(path) does not exist",
                    hints: ["correct its path in the configuration, or write the secret there with mode 0600"])
            }
            return text
        case .environment(let name):
            guard let text = environment[name], !text.isEmpty else {
                throw CommandFailure(
                    .configuration, "the environment variable \(name), which should hold a secret, is not set",
                    hints: ["set it, or name a file in the configuration instead"])
            }
            return text
        }
    }
}
