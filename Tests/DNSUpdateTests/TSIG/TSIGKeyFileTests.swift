import Glibc
import TestSupport
import Testing

@testable import DNSUpdate

@Suite("TSIG key files, as BIND's tools write them and named reads them")
struct TSIGKeyFileTests {
    private static let secret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

    private static func read(_ text: String) throws(TSIGKeyFileError) -> TSIGKeyFile {
        try TSIGKeyFile(Array(text.utf8), path: "k")
    }

    @Test(
        "The tools' output is read, whole",
        arguments: [
            (Tool.tsigKeygen, ["-a", "hmac-sha512", "dev.example"], "dev.example", "hmac-sha512"),
            (.tsigKeygen, [], "tsig-key", "hmac-sha256"), (.tsigKeygen, ["-a", "hmac-md5", "x"], "x", "hmac-md5"),
            (.ddnsConfgen, [], "ddns-key", "hmac-sha256"),
            (.ddnsConfgen, ["-z", "example.com", "-a", "hmac-sha384"], "ddns-key.example.com", "hmac-sha384"),
            (.ddnsConfgen, ["-q", "-s", "host.example.com"], "ddns-key.host.example.com", "hmac-sha256"),
            (.rndcConfgen, ["-A", "hmac-sha224"], "rndc-key", "hmac-sha224"),
        ])
    func tools(tool: Tool, arguments: [String], name: String, algorithm: String) async throws {
        let output = try await Peer.require(tool, arguments).standardOutput
        let file = try Self.read(output)
        let key = try file.key()
        #expect(key.name == (try DomainName(name)) && key.algorithm.description == algorithm)
        #expect(file.warnings.isEmpty && !key.isWeak)
        // What we write for that key is what the tool wrote.
        #expect(output.contains(key.configurationText))
    }

    @Test("What init writes is what tsig-keygen writes, octet by octet")
    func sameAsTool() async throws {
        let output = try await Peer.require(.tsigKeygen, ["-a", "hmac-sha256", "ddns-acme.example"]).standardOutput
        #expect(try Self.read(output).key().configurationText == output)
    }

    private static let layouts = [
        "key \"k\" { algorithm hmac-sha256; secret \"\(secret)\"; };",
        "key k{algorithm hmac-sha256;secret \"\(secret)\";};",
        "KEY k { Secret \"\(secret)\"; ALGORITHM \"HMAC-SHA256\"; };",
        "key\n\"k\"\n{\n\tsecret\n\"\(secret)\"\n;\r\nalgorithm\nhmac-sha256;\n}\n;\n",
        "# one\n// two\n/* three\n key \"no\" { */ key /* here */ k /*too*/ { algorithm // and\n hmac-sha256 ; # here\n secret \(secret);};",
        "key k { algorithm hmac-sha256; secret \"\(secret.prefix(20))\n\t\(secret.dropFirst(20))\"; };",
        "options { directory \"/x;}\"; listen-on { any; }; }; key k { algorithm hmac-sha256; secret \"\(secret)\"; };",
        "zone \"z\" { type primary; update-policy { grant k zonesub A; }; };; key k { algorithm hmac-sha256; secret \"\(secret)\"; };",
        "include \"/etc/bind/rndc.key\"; key k { algorithm hmac-sha256; secret \"\(secret)\"; };\nnsupdate -k <keyfile>\n",
    ]

    @Test("A key is read in any layout", arguments: layouts.indices)
    func layout(index: Int) throws {
        let key = try Self.read(Self.layouts[index]).key()
        #expect(key.name == (try DomainName("k")) && key.algorithm == .hmacSHA256)
        #expect(key.secret.bytes == Array(0..<32))
    }

    @Test(
        "Whatever of these layouts is plain named.conf, named accepts as well", arguments: layouts.indices.dropLast(3))
    func namedAgrees(index: Int) async throws {
        // named takes no "/" in an unquoted secret; this one has none.
        try await TemporaryDirectory.with { directory in
            let file = try directory.write(Self.layouts[index], to: "named.conf")
            try await Peer.require(.namedCheckconf, [file])
        }
    }

    @Test("Several keys are told apart by name, without regard to case")
    func severalKeys() throws {
        let text = ["one", "two.example"].map { "key \($0) { algorithm hmac-sha1-80; secret \"\(Self.secret)\"; };" }
        let file = try Self.read(text.joined(separator: "\n"))
        #expect(file.keys.map(\.name.description) == ["one", "two.example"])
        #expect(try file.key(named: DomainName("TWO.example.")) == file.keys[1])
        #expect(file.keys[1].macLength == 10 && file.keys[1].algorithm == .hmacSHA1)
        #expect(#expect(throws: TSIGKeyFileError.self) { try file.key() }?.code == .keyNotNamed)
        let missing = #expect(throws: TSIGKeyFileError.self) { try file.key(named: DomainName("three")) }
        #expect(missing?.code == .keyNotFound)
        #expect(missing?.message == #"k: no key "three" is in it, only "one", "two.example""#)
    }

    private static let refusals: [(String, TSIGKeyFileError.Code, String)] = [
        ("", .noKey, "k:"), ("# nothing\n", .noKey, "k:"), ("options { };", .noKey, "k:"),
        ("\nkey k { algorithm hmac-sha256; secret \"????\"; };", .invalidBase64, "k:2:"),
        ("key k {\nalgorithm hmac-sha256;\nsecret \"\(secret.dropLast())\"; };", .invalidBase64, "k:3:"),
        ("key k { algorithm hmac-sha256; secret \"\"; };", .unusableKey, "k:1:"),
        ("key k { algorithm hmac-sha512; secret \"MTIzNDU2Nzg=\"; };", .unusableKey, "k:1:"),
        ("key k {\n algorithm hmac-sha3-256;\n secret \"\(secret)\"; };", .unknownAlgorithm, "k:2:"),
        ("key k { algorithm hmac-sha256-64; secret \"\(secret)\"; };", .unknownAlgorithm, "k:1:"),
        (
            "key k { algorithm hmac-sha256; secret \"\(secret)\"; };\nkey K. { algorithm hmac-sha256; secret \"\(secret)\"; };",
            .duplicateKey, "k:2:"
        ),
        ("key k { algorithm hmac-sha256; };", .malformed, "k:1:"),
        ("key k { secret \"\(secret)\"; };", .malformed, "k:1:"),
        ("key k { algorithm hmac-sha256; secret \"\(secret)\"; secret \"\(secret)\"; };", .malformed, "k:1:"),
        ("key k { algorithm hmac-sha256 secret \"\(secret)\"; };", .malformed, "k:1:"),
        ("key k { algorithm hmac-sha256; secret \"\(secret)\"; }", .malformed, "k:1:"),
        ("key k { algorithm hmac-sha256; secret \"\(secret)\";", .malformed, "k:1:"),
        ("key { algorithm hmac-sha256; secret \"\(secret)\"; };", .malformed, "k:1:"),
        ("key k algorithm hmac-sha256; secret \"\(secret)\";", .malformed, "k:1:"),
        ("key k { algorithm hmac-sha256; secret \"\(secret)", .malformed, "k:1:"),
        ("\n\n/* key k {", .malformed, "k:3:"), ("}", .malformed, "k:1:"), ("\"x\";", .malformed, "k:1:"),
        ("options { ", .malformed, "k:1:"), ("x } ;", .malformed, "k:1:"),
        ("key \"@x\" { algorithm hmac-sha256; secret \"\(secret)\"; };", .malformed, "k:1:"),
        ("key \"a b\" { algorithm hmac-sha256; secret \"\(secret)\"; };", .malformed, "k:1:"),
        ("key k { algorithm hmac-sha256; secret \"\(secret)\"; colour blue; };", .malformed, "k:1:"),
        ("Private-key-format: v1.3\nAlgorithm: 163 (HMAC_SHA256)\nKey: \(secret)\n", .malformed, "k:"),
        ("\u{0}\u{1}\u{2}", .noKey, "k:"),
    ]

    @Test(
        "What is not a usable key file is refused with the line, the reason and the remedy", arguments: refusals.indices
    )
    func refused(index: Int) {
        let (text, code, place) = Self.refusals[index]
        let error = #expect(throws: TSIGKeyFileError.self, "\(text)") { try Self.read(text) }
        #expect(error?.code == code, "\(text): \(String(describing: error))")
        #expect(error?.message.hasPrefix(place) == true && error?.hint.isEmpty == false)
        #expect(error?.message.contains(Self.secret.prefix(12)) == false)
    }

    @Test("A weak secret is used and reported")
    func weak() throws {
        let file = try Self.read("key k { algorithm hmac-sha512; secret \"\(Self.secret)\"; };")
        #expect(file.warnings.count == 1 && file.warnings[0].message.contains("32 octets"))
        #expect(try file.key().isWeak)
    }

    @Test("10,000 mutated files: each is refused or read")
    func mutated() {
        var generator = SeededGenerator(seed: 3)
        var read = 0
        let pieces = ["{", "}", ";", "\"", "/*", "*/", "//", "#", "\n", "key ", "\\", "secret", "\u{0}", "é"].map {
            Array($0.utf8)
        }
        for _ in 0..<10_000 {
            var text = Array(Self.layouts[Int.random(in: 0..<Self.layouts.count, using: &generator)].utf8)
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let index = Int.random(in: 0..<text.count, using: &generator)
                if Bool.random(using: &generator) {
                    text.insert(contentsOf: pieces.randomElement(using: &generator) ?? [], at: index)
                } else {
                    text.removeSubrange(index..<min(index + 3, text.count))
                }
                if text.isEmpty { break }
            }
            if (try? TSIGKeyFile(text, path: "k")) != nil { read += 1 }
        }
        #expect(read > 100 && read < 9_900)
    }

    // MARK: - The file itself

    @Test(
        "A key that every user can read is refused; one that the group can read is reported",
        arguments: [
            (0o600, nil, 0), (0o400, nil, 0), (0o640, nil, 1), (0o660, nil, 1), (0o644, true, 0), (0o602, true, 0),
            (0o601, true, 0), (0o666, true, 0),
        ]
            as [(UInt16, Bool?, Int)])
    func permissions(mode: UInt16, isRefused: Bool?, warnings: Int) async throws {
        try await TemporaryDirectory.with { directory in
            let path = try directory.write(Self.layouts[0], to: "k", mode: mode)
            guard isRefused == true else {
                #expect(try TSIGKeyFile.load(path).warnings.count == warnings)
                return
            }
            let error = #expect(throws: TSIGKeyFileError.self) { try TSIGKeyFile.load(path) }
            #expect(
                error?.code == .insecurePermissions && error?.message.contains("0\(String(mode, radix: 8))") == true)
        }
    }

    @Test("A missing file, a directory, a pipe without a writer, a device and a file over 64 KiB are refused as such")
    func kinds() async throws {
        try await TemporaryDirectory.with { directory in
            let code = { (path: String) in
                #expect(throws: TSIGKeyFileError.self) { try TSIGKeyFile.load(path) }?.code
            }
            #expect(code(directory.path("none")) == .fileMissing)
            let file = try directory.write(Self.layouts[0], to: "k")
            #expect(code("\(file)/k") == .fileMissing)
            #expect(code("\(file)\u{0}.txt") == .unreadable)
            #expect(code("") == .fileMissing)
            #expect(code(directory.path) == .notARegularFile)
            #expect(mkfifo(directory.path("pipe"), 0o600) == 0)
            #expect(code(directory.path("pipe")) == .notARegularFile)
            #expect(code("/dev/null") == .notARegularFile)
            let large = String(repeating: "#", count: 65_536)
            #expect(code(try directory.write(large, to: "limit")) == .noKey)
            #expect(code(try directory.write(large + "#", to: "large")) == .tooLarge)
            #expect(symlink(file, directory.path("link")) == 0)
            #expect(try TSIGKeyFile.load(directory.path("link")).keys.count == 1)
        }
    }
}
