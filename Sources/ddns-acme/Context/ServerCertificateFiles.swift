import CertificateFiles
import ControlServer

/// The pair of files that `server.tls` names.
struct ServerCertificateFiles {
    let certificate: String
    let key: String

    /// - Throws: when one of them is missing or cannot be read; what is in it is looked at where it is put in use.
    func pair() throws(ServerStartFailure) -> CertificateHolder.Pair {
        let names = ("the server's certificate \(certificate)", "the server's private key \(key)")
        return CertificateHolder.Pair(
            chain: try text(certificate, names.0), key: try text(key, names.1), chainName: names.0, keyName: names.1)
    }

    /// Whether others than the owner and the group may read the key.
    var isKeyOpenToAll: Bool { SecretFile.isOpenToAll(key) }

    private func text(_ path: String, _ name: String) throws(ServerStartFailure) -> String {
        let bytes: [UInt8]?
        do throws(CertificateFilesError) {
            bytes = try SecretFile.bytes(path)
        } catch {
            throw ServerStartFailure(
                .certificateNotUsable, "\(name) cannot be read: \(error.message)",
                hint: "let the user that the server runs as read it")
        }
        guard let bytes else {
            throw ServerStartFailure(
                .certificateNotUsable, "\(name) does not exist",
                hint: "correct server.tls; a relative path starts from the configuration's folder")
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
