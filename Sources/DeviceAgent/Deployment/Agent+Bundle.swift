import CertificateFiles
import PKCS12

extension Agent {
    /// Brings the PKCS #12 file, if there is to be one, up to the pair that is installed.
    ///
    /// - Returns: whether it had to be written.
    /// - Throws: `configuration` for a password that cannot be used, `cannotWrite`, `badCertificate`.
    @discardableResult
    func updateBundle(_ files: CertificateFiles) throws(AgentError) -> Bool {
        guard let setting = configuration.bundle else { return false }
        do {
            guard let bytes = try FileSystem.read(setting.passwordFile, limit: 4_096) else {
                throw AgentError(
                    .configuration, "the file \(setting.passwordFile) with the PKCS #12 password does not exist")
            }
            // An editor ends a line; the password is what is on it.
            let password = bytes.last == UInt8(ascii: "\n") ? Array(bytes.dropLast()) : bytes
            return try PKCS12File(path: setting.path, password: password).update(from: files)
        } catch let error as PKCS12Error {
            let code: AgentError.Code = error.code == .password ? .configuration : .badCertificate
            throw AgentError(code, "\(setting.path) is not written: \(error.message)", hint: error.hint)
        } catch let error as CertificateFilesError {
            throw AgentError(error)
        } catch let error as AgentError {
            throw error
        } catch {
            throw AgentError(.cannotWrite, "\(setting.path) is not written: \(error)")
        }
    }

    /// Writes a PKCS #12 file that is missing or of another pair or password, and has the service take it up.
    func mendBundle(_ name: String) async throws(AgentError) {
        let files = try files(name)
        guard try InstalledPair(files) != nil, try updateBundle(files) else { return }
        surroundings.log(.note, "wrote \(configuration.bundle?.path ?? "")")
        try await reload(files, name)
    }
}
