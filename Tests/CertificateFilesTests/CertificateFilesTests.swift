import CertificateFiles
import Glibc
import TestSupport
import Testing

@Suite("Certificate files: DESIGN §3, files written by issue")
struct CertificateFilesTests {
    private let contents = CertificateFiles.Contents(
        privateKey: "key 1\n", certificate: "leaf 1\n", chain: "issuer 1\n")
    private let renewed = CertificateFiles.Contents(privateKey: "key 2\n", certificate: "leaf 2\n", chain: "issuer 2\n")

    @Test("the four files keep certbot's names, the directories are 0700 and the key is 0600, whatever the umask")
    func modes() async throws {
        try await TemporaryDirectory.with { folder in
            let before = umask(0o077)
            defer { umask(before) }
            let files = try CertificateFiles(out: folder.path + "/a/b", name: "dev1")
            try files.prepare(privateKey: contents.privateKey)
            try files.install(contents)

            #expect(try mode(folder.path + "/a") == 0o700)
            #expect(try mode(folder.path + "/a/b/dev1") == 0o700)
            #expect(try mode(files.keyPath) == 0o600)
            for path in [files.certificatePath, files.chainPath, files.fullChainPath] {
                #expect(try mode(path) == 0o644)
            }
            #expect(try entries(folder.path + "/a/b") == ["dev1"])
            #expect(try entries(files.directory) == ["cert.pem", "chain.pem", "fullchain.pem", "privkey.pem"])
            let present = try files.present()
            #expect(present.privateKey == "key 1\n")
            #expect(present.fullChain == "leaf 1\nissuer 1\n")
        }
    }

    @Test("a renewal replaces key and chain in one step: the directory is swapped, not its files one by one")
    func exchange() async throws {
        try await TemporaryDirectory.with { folder in
            let files = try CertificateFiles(out: folder.path, name: "dev1")
            try files.install(contents)
            let old = open(files.directory, O_RDONLY | O_DIRECTORY)
            defer { close(old) }
            try files.prepare(privateKey: renewed.privateKey)
            try files.install(renewed)

            var before = stat()
            var after = stat()
            #expect(fstat(old, &before) == 0 && stat(files.directory, &after) == 0)
            #expect(before.st_ino != after.st_ino)
            let present = try files.present()
            #expect(present.privateKey == "key 2\n" && present.fullChain == "leaf 2\nissuer 2\n")
            #expect(try entries(folder.path) == ["dev1"])
        }
    }

    @Test("files beside the four that are not ours stay")
    func others() async throws {
        try await TemporaryDirectory.with { folder in
            let files = try CertificateFiles(out: folder.path, name: "dev1")
            try files.install(contents)
            try write("note", to: files.directory + "/note.txt")
            #expect(mkdir(files.directory + "/more", 0o755) == 0)
            try write("inner", to: files.directory + "/more/inner.txt")
            try files.install(renewed)
            #expect(
                try entries(files.directory) == [
                    "cert.pem", "chain.pem", "fullchain.pem", "more", "note.txt", "privkey.pem",
                ])
            #expect(try entries(files.directory + "/more") == ["inner.txt"])
        }
    }

    @Test("files of another user, which Linux does not let everybody link (protected_hardlinks), stay as well")
    func othersOfAnotherUser() async throws {
        try await TemporaryDirectory.with { folder in
            try #require(geteuid() == 0, "this test acts as another user, which needs root")
            let files = try CertificateFiles(out: folder.path + "/out", name: "dev1")
            try files.install(contents)
            try write("theirs", to: files.directory + "/dhparams.pem")
            for path in [folder.path + "/out", files.directory] { #expect(chown(path, 65_534, 65_534) == 0) }
            #expect(chmod(folder.path, 0o755) == 0)
            // The old key is root's, too.
            try asAnotherUser {
                try files.install(.init(privateKey: nil, certificate: "leaf 2\n", chain: "issuer 2\n"))
            }
            let names = ["cert.pem", "chain.pem", "dhparams.pem", "fullchain.pem", "privkey.pem.replaced"]
            #expect(try entries(files.directory) == names)
            #expect(try entries(folder.path + "/out") == ["dev1"])
        }
    }

    @Test("of two keys that were replaced one after the other, the later one is kept")
    func replacedTwice() async throws {
        try await TemporaryDirectory.with { folder in
            let files = try CertificateFiles(out: folder.path, name: "dev1")
            let elsewhere = CertificateFiles.Contents(privateKey: nil, certificate: "leaf 3\n", chain: "issuer 3\n")
            for pair in [contents, elsewhere, renewed, elsewhere] { try files.install(pair) }
            let descriptor = open(files.keyPath + ".replaced", O_RDONLY)
            defer { close(descriptor) }
            var bytes = [UInt8](repeating: 0, count: 16)
            let count = read(descriptor, &bytes, bytes.count)
            #expect(String(decoding: bytes.prefix(max(0, count)), as: UTF8.self) == "key 2\n")
        }
    }

    @Test("a chain for a key that is elsewhere does not lie beside the old key, which is kept under another name")
    func keyElsewhere() async throws {
        try await TemporaryDirectory.with { folder in
            let files = try CertificateFiles(out: folder.path, name: "dev1")
            try files.install(contents)
            try files.prepare(privateKey: nil)
            try files.install(.init(privateKey: nil, certificate: "leaf 3\n", chain: "issuer 3\n"))
            #expect(try files.present().privateKey == nil)
            #expect(try entries(files.directory).contains("privkey.pem.replaced"))
        }
    }

    @Test("an interrupted issuance leaves its key for the next run, and the present pair untouched")
    func pending() async throws {
        try await TemporaryDirectory.with { folder in
            let files = try CertificateFiles(out: folder.path, name: "dev1")
            try files.install(contents)
            try files.prepare(privateKey: renewed.privateKey)
            #expect(try files.pendingKey() == "key 2\n")
            #expect(try files.present().privateKey == "key 1\n")
            files.discard()
            #expect(try files.pendingKey() == nil)
            #expect(try entries(folder.path) == ["dev1"])
        }
    }

    @Test("a cert.pem that does not belong to fullchain.pem counts as missing")
    func mixture() async throws {
        try await TemporaryDirectory.with { folder in
            let files = try CertificateFiles(out: folder.path, name: "dev1")
            try files.install(contents)
            try write("leaf 9\n", to: files.certificatePath)
            #expect(try files.present().fullChain == nil)
        }
    }

    @Test("a full disk is found before anything is asked of a CA, and nothing is left behind")
    func fullDisk() async throws {
        // A size limit on files stands for a full disk: both make the write fail half-way; a real full disk needs a mount.
        try await TemporaryDirectory.with { folder in
            let mount = folder.path + "/full"
            #expect(mkdir(mount, 0o755) == 0)
            guard geteuid() == 0, Glibc.mount("tmpfs", mount, "tmpfs", 0, "size=16k") == 0 else {
                throw CertificateFilesError(.diskFull, "this test mounts a 16 KiB tmpfs, which needs root")
            }
            defer { umount(mount) }
            let files = try CertificateFiles(out: mount, name: "dev1")
            let error = #expect(throws: CertificateFilesError.self) { try files.prepare(privateKey: "key\n") }
            #expect(error?.code == .diskFull)
            #expect(error?.hint != nil)
            #expect(try entries(mount).isEmpty)
        }
    }

    @Test("an output path that is a file is refused", arguments: ["", "/below"])
    func notADirectory(suffix: String) async throws {
        try await TemporaryDirectory.with { folder in
            try write("", to: folder.path + "/file")
            let files = try CertificateFiles(out: folder.path + "/file" + suffix, name: "dev1")
            let error = #expect(throws: CertificateFilesError.self) { try files.prepare(privateKey: "key\n") }
            #expect(error?.code == .notADirectory)
        }
    }

    @Test("a folder name cannot leave the output directory", arguments: ["", ".", "..", "a/b", ".hidden", "a\0b"])
    func unsafeName(name: String) {
        #expect(throws: CertificateFilesError(.unsafeName, "")) { try CertificateFiles(out: "/tmp", name: name) }
    }

    @Test("an output directory without a name is refused, and is not the root directory")
    func namelessDirectory() {
        #expect(throws: CertificateFilesError(.unsafeName, "")) { try CertificateFiles(out: "", name: "dev1") }
    }

    @Test("a secret that root writes belongs to whom the state directory belongs to, mode 0600")
    func ownerOfSecrets() async throws {
        try await TemporaryDirectory.with { folder in
            try #require(geteuid() == 0, "this test gives a directory away, which needs root")
            #expect(chown(folder.path, 65_534, 65_534) == 0)
            try SecretFile.write("secret", to: folder.path + "/key.pem")
            var status = stat()
            #expect(stat(folder.path + "/key.pem", &status) == 0)
            #expect(status.st_uid == 65_534 && status.st_gid == 65_534)
            #expect(status.st_mode & 0o777 == 0o600)
        }
    }

    // MARK: - Helpers

    /// Runs `body` with the rights of nobody in the file system, on this thread alone (setfsuid(2)).
    private func asAnotherUser(_ body: () throws -> Void) throws {
        let address = try #require(dlsym(nil, "setfsuid"))
        let setfsuid = unsafeBitCast(address, to: (@convention(c) (uid_t) -> Int32).self)
        _ = setfsuid(65_534)
        defer { _ = setfsuid(0) }
        try body()
    }

    private func mode(_ path: String) throws -> mode_t {
        var status = stat()
        guard stat(path, &status) == 0 else { throw CertificateFilesError(.unreadable, path) }
        return status.st_mode & 0o777
    }

    private func entries(_ path: String) throws -> [String] {
        guard let directory = opendir(path) else { throw CertificateFilesError(.unreadable, path) }
        defer { closedir(directory) }
        var names = [String]()
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    private func write(_ text: String, to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        guard descriptor >= 0 else { throw CertificateFilesError(.notWritable, path) }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard bytes.withUnsafeBytes({ Glibc.write(descriptor, $0.baseAddress, $0.count) }) == bytes.count else {
            throw CertificateFilesError(.notWritable, path)
        }
    }
}
