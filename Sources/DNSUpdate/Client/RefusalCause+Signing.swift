extension RefusalCause {
    /// BIND answers SERVFAIL when the keys of a signed zone are there in public only.
    static func unsignable(_ context: UpdateContext) -> RefusalCause {
        RefusalCause(
            kind: .unsignable, summary: "the zone is signed, and named cannot use its private keys",
            remedy: "on the server: rndc dnssec -status \(context.zone); are the .private files of its keys in "
                + "key-directory, and may named read them?")
    }
}
