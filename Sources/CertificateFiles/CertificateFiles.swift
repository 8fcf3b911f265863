import Glibc

/// A device's `privkey.pem`, `cert.pem`, `chain.pem` and `fullchain.pem` (certbot's names) below an output directory.
///
/// What is written goes into a staging directory first and takes the place of the present one in a single rename, so a
/// reader at any moment, and a crash at any moment, finds the old pair or the new one, never a mixture.
package struct CertificateFiles: Sendable {
    /// The four files' contents. `privateKey` is nil when the key lives elsewhere (`--csr`).
    package struct Contents: Sendable {
        package var privateKey: String?
        package var certificate: String
        package var chain: String

        package init(privateKey: String?, certificate: String, chain: String) {
            self.privateKey = privateKey
            self.certificate = certificate
            self.chain = chain
        }

        /// The certificate followed by its issuers, as servers want it.
        package var fullChain: String { certificate + chain }
    }

    /// Where the four files are.
    package let directory: String
    private let staging: String

    static let keyName = "privkey.pem"
    private static let replacedKeyName = keyName + ".replaced"
    private static let ownNames: Set<String> = [keyName, "cert.pem", "chain.pem", "fullchain.pem", reserveName]
    /// Space set aside before a certificate is ordered, so that a full disk is found out while it costs nothing.
    private static let reserveName = ".reserve"
    private static let reserveSize = 65_536

    /// - Parameters:
    ///   - out: the output directory; made when missing, mode 0700.
    ///   - name: the device's folder in it; one path component.
    package init(out: String, name: String) throws(CertificateFilesError) {
        // An empty variable in a script would otherwise mean the root directory.
        guard !out.isEmpty else {
            throw CertificateFilesError(
                .unsafeName, "the output directory has no name",
                hint: "name a directory with --out; . is the present one")
        }
        guard !name.isEmpty, !name.hasPrefix("."), !name.contains("/"), !name.utf8.contains(0) else {
            throw CertificateFilesError(.unsafeName, "\"\(name)\" cannot be the name of a folder for certificates")
        }
        var parent = out
        while parent.count > 1, parent.hasSuffix("/") { parent.removeLast() }
        directory = parent + "/" + name
        staging = parent + "/." + name + ".pending"
    }

    package var keyPath: String { directory + "/" + Self.keyName }
    package var certificatePath: String { directory + "/cert.pem" }
    package var chainPath: String { directory + "/chain.pem" }
    package var fullChainPath: String { directory + "/fullchain.pem" }

    /// Whether there is a private key now.
    package var hasKey: Bool { FileSystem.kind(of: keyPath) != nil }

    /// What is there now; nil where a file is missing. A `chain.pem` or `cert.pem` that disagrees with `fullchain.pem`
    /// counts as missing, since the four belong together.
    package func present() throws(CertificateFilesError) -> (privateKey: String?, fullChain: String?) {
        let key = try text(keyPath)
        guard let certificate = try text(certificatePath), let chain = try text(chainPath),
            let full = try text(fullChainPath), full == certificate + chain
        else { return (key, nil) }
        return (key, full)
    }

    /// The key of an issuance that was interrupted, kept so that its certificate can still be fetched and used.
    package func pendingKey() throws(CertificateFilesError) -> String? {
        try text(staging + "/" + Self.keyName)
    }

    /// Makes sure that the files can be written, before anything is asked of a CA: directories, space, and the new key.
    /// - Throws: `notWritable`, `diskFull` or `notADirectory`; then nothing is left behind.
    package func prepare(privateKey: String?) throws(CertificateFilesError) {
        if FileSystem.kind(of: directory) != nil, !FileSystem.isDirectory(directory) {
            throw CertificateFilesError(
                .notADirectory, "\(directory) exists and is not a directory", hint: "name another directory with --out")
        }
        try FileSystem.makeDirectory(staging)
        do throws(CertificateFilesError) {
            guard chmod(staging, 0o700) == 0 else { throw FileSystem.failure("write in", staging) }
            try reserve()
            if let privateKey {
                try FileSystem.write(Array(privateKey.utf8), to: staging + "/" + Self.keyName, mode: 0o600)
            } else {
                unlink(staging + "/" + Self.keyName)
            }
            FileSystem.synchronize(directory: staging)
        } catch {
            discard()
            throw error
        }
    }

    /// Replaces the present files by `contents` in one step.
    /// - Throws: `notWritable` or `diskFull`; then the present files are as they were, and the staged key is kept.
    package func install(_ contents: Contents) throws(CertificateFilesError) {
        try FileSystem.makeDirectory(staging)
        unlink(staging + "/" + Self.reserveName)
        if let key = contents.privateKey {
            try FileSystem.write(Array(key.utf8), to: keyPath(in: staging), mode: 0o600)
        }
        try FileSystem.write(Array(contents.certificate.utf8), to: staging + "/cert.pem", mode: 0o644)
        try FileSystem.write(Array(contents.chain.utf8), to: staging + "/chain.pem", mode: 0o644)
        try FileSystem.write(Array(contents.fullChain.utf8), to: staging + "/fullchain.pem", mode: 0o644)
        FileSystem.synchronize(directory: staging)

        if FileSystem.kind(of: directory) == nil {
            guard rename(staging, directory) == 0 else { throw FileSystem.failure("write", directory) }
        } else {
            carryOver(keepingKey: contents.privateKey == nil)
            if try FileSystem.exchange(staging, directory) {
                carryBack(keepingKey: contents.privateKey == nil)
                FileSystem.removeDirectory(staging)
            } else {
                try replaceOneByOne(hasKey: contents.privateKey != nil)
            }
        }
        if let slash = directory.lastIndex(of: "/") {
            FileSystem.synchronize(directory: String(directory[..<slash]))
        }
    }

    /// Forgets an issuance that came to nothing. The present files stay.
    package func discard() {
        FileSystem.removeDirectory(staging)
    }

    // MARK: - Steps

    private func keyPath(in folder: String) -> String { folder + "/" + Self.keyName }

    private func text(_ path: String) throws(CertificateFilesError) -> String? {
        do throws(CertificateFilesError) {
            return try FileSystem.read(path).map { String(decoding: $0, as: UTF8.self) }
        } catch {
            // It is ours to write, not somebody's input.
            throw CertificateFilesError(
                .notWritable, error.message, hint: error.hint ?? "move it away, or name another directory with --out")
        }
    }

    private func reserve() throws(CertificateFilesError) {
        let path = staging + "/" + Self.reserveName
        let descriptor = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileSystem.failure("write in", staging) }
        defer { close(descriptor) }
        let number = posix_fallocate(descriptor, 0, off_t(Self.reserveSize))
        // EOPNOTSUPP: a file system without preallocation. Then a full disk is found out when the files are written.
        guard number == 0 || number == EOPNOTSUPP || number == EINVAL else {
            throw FileSystem.failure("set aside space in", staging, number: number)
        }
    }

    /// Files in the present directory that are not ours (a `dhparams.pem`, a note) move along with it. An old key that the
    /// new chain does not belong to is kept, under another name.
    private func carryOver(keepingKey: Bool) {
        for name in FileSystem.entries(of: directory) {
            let source = directory + "/" + name
            if name == Self.keyName {
                guard keepingKey else { continue }
                // The one that was replaced last is the one that somebody may miss.
                unlink(staging + "/" + Self.replacedKeyName)
                link(source, staging + "/" + Self.replacedKeyName)
            } else if !Self.ownNames.contains(name), FileSystem.kind(of: source) != S_IFDIR {
                link(source, staging + "/" + name)
            }
        }
    }

    /// After the exchange the old directory is the staging one. What is not ours and could not be linked goes over now:
    /// folders, and files of others, which not everybody may link (`protected_hardlinks`, proc_sys_fs(5)).
    private func carryBack(keepingKey: Bool) {
        for name in FileSystem.entries(of: staging).sorted() {
            let isOldKey = name == Self.keyName && keepingKey
            guard isOldKey || !Self.ownNames.contains(name) else { continue }
            let target = directory + "/" + (isOldKey ? Self.replacedKeyName : name)
            if FileSystem.kind(of: target) == nil { rename(staging + "/" + name, target) }
        }
    }

    /// Where two directories cannot be swapped (a mount point, NFS): the chain goes first and comes back last, so that at
    /// no moment a key lies beside a chain of another key.
    private func replaceOneByOne(hasKey: Bool) throws(CertificateFilesError) {
        for path in [fullChainPath, certificatePath, chainPath] { unlink(path) }
        if !hasKey, FileSystem.kind(of: keyPath) != nil { rename(keyPath, directory + "/" + Self.replacedKeyName) }
        FileSystem.synchronize(directory: directory)
        let names = (hasKey ? [Self.keyName] : []) + ["chain.pem", "cert.pem", "fullchain.pem"]
        for name in names {
            guard rename(staging + "/" + name, directory + "/" + name) == 0 else {
                throw FileSystem.failure("replace", directory + "/" + name)
            }
        }
        FileSystem.synchronize(directory: directory)
        FileSystem.removeDirectory(staging)
    }
}
