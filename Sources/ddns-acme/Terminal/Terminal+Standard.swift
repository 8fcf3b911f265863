import CommandLineProgram

extension Terminal {
    static let standard = Terminal(program: "ddns-acme")
}
