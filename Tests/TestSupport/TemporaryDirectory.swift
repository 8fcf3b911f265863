import Glibc

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A directory of this test's own (mode 0700), removed with all it holds when ``with(_:)`` ends.
package struct TemporaryDirectory: Sendable {
    /// Absolute, without a slash at the end.
    package let path: String

    private init() throws {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(base)/ddns-acme-test.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw TestFailure("no temporary directory below \(base): \(String(cString: strerror(errno)))")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Lends a new directory to `body`.
    package static func with<Result>(_ body: (TemporaryDirectory) async throws -> Result) async throws -> Result {
        let directory = try TemporaryDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory.path) }
        return try await body(directory)
    }

    /// The absolute path of something in it.
    package func path(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file (making its folders), with exactly the permissions given, and returns its path.
    @discardableResult
    package func write(_ text: String, to name: String, mode: UInt16 = 0o600) throws -> String {
        let file = path(name)
        if let cut = file.lastIndex(of: "/") {
            try FileManager.default.createDirectory(atPath: String(file[..<cut]), withIntermediateDirectories: true)
        }
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        guard chmod(file, mode_t(mode)) == 0 else { throw TestFailure("chmod \(file) failed") }
        return file
    }

    /// Copies a file, with its permissions, and returns the copy's path.
    package func copy(of file: String, to name: String) throws -> String {
        try FileManager.default.copyItem(atPath: file, toPath: path(name))
        return path(name)
    }

    /// The text of a file in it.
    package func read(_ name: String) throws -> String { try Self.text(of: path(name)) }

    /// The text of any file.
    package static func text(of file: String) throws -> String {
        // Not Data(contentsOf:): files in /proc say that they are empty.
        guard let stream = fopen(file, "r") else {
            throw TestFailure("cannot read \(file): \(String(cString: strerror(errno)))")
        }
        defer { fclose(stream) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&block, 1, block.count, stream)
            guard count > 0 else { break }
            bytes += block[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
