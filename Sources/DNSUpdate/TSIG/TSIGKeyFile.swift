/// The keys in a file with `key` statements of named.conf, as `tsig-keygen`, `ddns-confgen` and `rndc-confgen` write it.
package struct TSIGKeyFile: Hashable, Sendable {
    /// Something that works and that an operator should know.
    package struct Warning: Hashable, Sendable, CustomStringConvertible {
        package let message: String
        package let hint: String
        package var description: String { message }
    }

    package let path: String
    /// In the file's order; never empty.
    package let keys: [TSIGKey]
    package let warnings: [Warning]

    /// Reads a key file. Access by users outside the file's group is an error, access by the group a warning (Debian's
    /// BIND keeps its keys as `root:bind` 0640).
    package static func load(_ path: String) throws(TSIGKeyFileError) -> TSIGKeyFile {
        let file = try KeyFileContents(reading: path)
        var warnings: [Warning] = []
        if file.mode & 0o070 != 0 {
            warnings.append(
                Warning(
                    message: "\(path): the file's group can use it (mode \(file.modeText))",
                    hint: "chmod 600 \(path), unless everybody in the group may update the zone"))
        }
        return try TSIGKeyFile(file.bytes, path: path, warnings: warnings)
    }

    /// Reads the contents of a key file; `path` is for messages.
    package init(_ text: [UInt8], path: String) throws(TSIGKeyFileError) {
        try self.init(text, path: path, warnings: [])
    }

    private init(_ text: [UInt8], path: String, warnings: [Warning]) throws(TSIGKeyFileError) {
        var parser = KeyFileParser(text, path: path)
        keys = try parser.parse()
        self.path = path
        self.warnings =
            warnings
            + keys.filter(\.isWeak).map { key in
                Warning(
                    message: "\(path): the secret of \"\(key.name)\" has \(key.secret.bytes.count) octets, "
                        + "\(key.algorithm) should have \(key.algorithm.hashLength)",
                    hint: "make a new key: tsig-keygen -a \(key.algorithm) \(key.name)")
            }
    }

    /// The key of that name, or the only key if no name is given.
    package func key(named name: DomainName? = nil) throws(TSIGKeyFileError) -> TSIGKey {
        let names = keys.map { "\"\($0.name)\"" }.joined(separator: ", ")
        guard let name else {
            guard keys.count == 1 else {
                throw TSIGKeyFileError(
                    code: .keyNotNamed, message: "\(path): \(keys.count) keys are in it: \(names)",
                    hint: "name the key to use, or keep one key in the file")
            }
            return keys[0]
        }
        guard let key = keys.first(where: { $0.name == name }) else {
            throw TSIGKeyFileError(
                code: .keyNotFound, message: "\(path): no key \"\(name)\" is in it, only \(names)",
                hint: "use one of these names, or add the key")
        }
        return key
    }
}
