import ArgumentParser

/// For commands that no control server does for somebody else.
struct LocalOnlyOptions: ParsableArguments {
    @Option(help: .hidden) var server: String?

    func validate() throws {
        guard let url = server ?? ServerOptions.named else { return }
        throw ValidationError(
            "this works on the control server's own machine, where the account's key is, and not through \(url)"
                + (server == nil ? "; unset DDNS_ACME_SERVER there" : ""))
    }
}
