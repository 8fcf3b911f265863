import CertificateFiles
import DeviceAgent
import FleetAPI
import FoundationEssentials

/// Where the enrollment token comes from: a file, standard input (`-`), or `DDNS_ACME_AGENT_TOKEN`. Never from an
/// argument, which every user of the machine could read.
struct TokenSource: Sendable {
    let file: String?
    let variable: String?

    init(_ configuration: AgentConfiguration) {
        file = configuration.enrollmentTokenFile
        variable = ProcessInfo.processInfo.environment["DDNS_ACME_AGENT_TOKEN"]
    }

    /// - Throws: `badToken` for a text that is none.
    func read() throws(AgentError) -> SecretToken? {
        guard let text = try text() else { return nil }
        do throws(SecretTokenError) {
            return try SecretToken(text)
        } catch {
            throw AgentError(.badToken, error.message, hint: error.hint)
        }
    }

    private func text() throws(AgentError) -> String? {
        guard let file else { return variable.flatMap { $0.isEmpty ? nil : $0 } }
        // A token is far shorter than what readLine() would be given to hold.
        if file == "-" { return readLine() ?? "" }
        do {
            guard let bytes = try FileSystem.read(file) else {
                throw AgentError(.badToken, "the enrollment token file \(file) does not exist")
            }
            return String(decoding: bytes, as: UTF8.self)
        } catch let error as CertificateFilesError {
            throw AgentError(.badToken, error.message, hint: error.hint)
        } catch let error as AgentError {
            throw error
        } catch {
            throw AgentError(.badToken, "the enrollment token file \(file) cannot be read")
        }
    }
}
