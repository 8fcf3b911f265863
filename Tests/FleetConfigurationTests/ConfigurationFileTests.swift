import FleetConfiguration
import Foundation
import TestSupport
import Testing

@Suite("The configuration file")
struct ConfigurationFileTests {
    @Test(
        "The option wins over the variable, the variable over the default place",
        arguments: [
            ("given.yaml", ["DDNS_ACME_CONFIG": "named.yaml"], "given.yaml"),
            (nil, ["DDNS_ACME_CONFIG": "named.yaml"], "named.yaml"),
            (nil, ["DDNS_ACME_CONFIG": ""], "/etc/ddns-acme/config.yaml"),
            (nil, [:], "/etc/ddns-acme/config.yaml"),
        ] as [(String?, [String: String], String)])
    func place(option: String?, environment: [String: String], expected: String) {
        #expect(Configuration.path(option, environment: environment) == expected)
    }

    @Test("Relative paths start from the file's folder, however the file was found")
    func load() async throws {
        try await TemporaryDirectory.with { directory in
            let file = try directory.write("\u{FEFF}" + minimal, to: "etc/config.yaml")
            for configuration in [
                try Configuration.load(path: file, environment: [:]),
                try Configuration.load(environment: ["DDNS_ACME_CONFIG": file]),
            ] {
                #expect(configuration.file == file)
                #expect(configuration.zones.first?.tsigKeyFile == directory.path("etc/tsig.key"))
                #expect(configuration.stateDirectory == "/var/lib/ddns-acme")
            }
        }
        #expect(try Configuration.parse(minimal, file: "config.yaml").zones.first?.tsigKeyFile == "tsig.key")
    }

    @Test("A file that is missing, a directory, not text, too large or empty is each told apart")
    func unusable() async throws {
        try await TemporaryDirectory.with { directory in
            func failure(_ path: String) -> ConfigurationError? {
                #expect(throws: ConfigurationError.self) { try Configuration.load(path: path, environment: [:]) }
            }
            let missing = failure(directory.path("none.yaml"))
            #expect(missing?.code == .notFound)
            #expect(missing?.hint.contains("ddns-acme init") == true && missing?.hint.contains("--config") == true)
            #expect(failure(try directory.write("", to: "file") + "/config.yaml")?.code == .notFound)
            #expect(failure(directory.path)?.code == .unreadable)

            let binary = directory.path("binary.yaml")
            try Data([0x61, 0x3A, 0x20, 0xC3, 0x28]).write(to: URL(fileURLWithPath: binary))
            #expect(failure(binary)?.code == .notText)
            let large = try directory.write(String(repeating: "# comment\n", count: 110_000), to: "large.yaml")
            #expect(failure(large)?.code == .tooLarge)
            for (index, text) in ["", "\n\n", "# nothing\n", "---\n", "---\n...\n"].enumerated() {
                let empty = failure(try directory.write(text, to: "empty\(index).yaml"))
                #expect(empty?.code == .empty, "\(text.debugDescription)")
                #expect(empty?.hint.contains("init") == true)
            }
        }
    }

    @Test("A file that this user may not read is told apart from one that is not there")
    func unreadable() async throws {
        try await TemporaryDirectory.with { directory in
            let file = try directory.write(minimal, to: "config.yaml", mode: 0)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory.path)
            await #expect(processExitsWith: .success) { [file = file as String] in
                // Root may read anything, so it becomes nobody first.
                if geteuid() == 0, setgid(65_534) != 0 || setuid(65_534) != 0 { exit(3) }
                let error = #expect(throws: ConfigurationError.self) {
                    try Configuration.load(path: file, environment: [:])
                }
                #expect(error?.code == .unreadable)
                #expect(error?.message.contains("denied") == true)
            }
        }
    }

    @Test(
        "What is not YAML is refused with its place",
        arguments: [
            ("a: b\n\tc: d\n", "2:1"),
            ("a: [b\n", "2:1"),
            ("a: \"b\n", "2:1"),
            ("a: b: c\n", "1:5"),
            ("a: b\n---\nc: d\n", "2:1"),
            ("a: \u{01}\n", "1:4"),
            ("a: 1\na: 2\n", "2:1"),
        ])
    func notYAML(text: String, place: String) throws {
        let error = #expect(throws: ConfigurationError.self) { try parse(text) }
        #expect(error?.code == .syntax)
        #expect(error?.message.hasPrefix("/etc/ddns-acme/config.yaml:\(place): ") == true, "\(error?.message ?? "")")
        #expect(error?.hint.isEmpty == false)
    }

    @Test(
        "Aliases are refused where they stand, however the text tries to hide them",
        arguments: [
            ("a: &x 1\nb: *x\n", "2:4"),
            ("a: &x 1\nb:\n  - *x\n", "3:5"),
            ("a: &x 1\n? *x\n: 1\n", "2:3"),
            ("[&a-b_1 a,*a-b_1]\n", "1:11"),
            ("{\"a\":&x 1,\"b\":*x}\n", "1:15"),
            ("a: b\n  'c\nd: &x 1\ne: *x\n", "4:4"),
            ("a: |\n  \"\nd: &x 1\ne: *x\n", "4:4"),
            ("a: !!str &x 1\nb: !!str *x\n", "2:10"),
        ])
    func aliases(text: String, place: String) throws {
        let error = #expect(throws: ConfigurationError.self) { try parse(text) }
        #expect(error?.code == .syntax)
        #expect(error?.message.hasPrefix("/etc/ddns-acme/config.yaml:\(place): ") == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("aliases") == true)
    }

    @Test("YAML 1.2 §7.1: an alias without an anchor is an error of its own")
    func undefinedAlias() throws {
        let error = #expect(throws: ConfigurationError.self) { try parse("a: *x\n") }
        #expect(error?.code == .syntax)
        #expect(error?.message.contains(":1:4: ") == true)
    }

    @Test("An alias bomb ends at once, whatever its form")
    func aliasBomb() throws {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let items = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(items)]\n"
        }
        text += "? *a9\n: boom\n"
        let error = #expect(throws: ConfigurationError.self) { try parse(text) }
        #expect(error?.code == .syntax)
        #expect(error?.issues.first?.message.contains("aliases") == true)
    }

    @Test("Deep nesting ends in an error and not in a crash", arguments: ["[", "{a: ", "- ", "? "])
    func deepNesting(opening: String) throws {
        let error = #expect(throws: ConfigurationError.self) { try parse(String(repeating: opening, count: 100_000)) }
        #expect(error?.code == .syntax)
        #expect(error?.issues.first?.message.contains("nesting level") == true)
    }

    @Test(
        "Ampersands, asterisks and exclamation marks inside texts are just that",
        arguments: ["a&b", "a*b", "\"&a\"", "'*a'", "a!b", "it's", "'it''s'", "\"a\\\"&b\"", "a#b", "x' &y"])
    func harmlessCharacters(value: String) throws {
        #expect(throws: Never.self) { try parse(minimal.replacing("/var/lib/ddns-acme", with: value)) }
    }
}
