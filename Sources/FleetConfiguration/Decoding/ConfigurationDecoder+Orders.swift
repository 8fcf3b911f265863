extension ConfigurationDecoder {
    static let orderKeys = ["missing-profile", "preferred-chain", "challenge"]

    func orderOptions(_ acme: Section) -> OrderOptions {
        var options = OrderOptions()
        if let policy = acme.value(
            "missing-profile",
            { text throws(ConfigurationComplaint) in
                try choice(text, OrderOptions.MissingProfile.self)
            })
        {
            options.missingProfile = policy
        }
        options.preferredChain = acme.value("preferred-chain", commonName)
        if let challenge = acme.value(
            "challenge",
            { text throws(ConfigurationComplaint) in
                try choice(text, OrderOptions.Challenge.self)
            })
        {
            options.challenge = challenge
        }
        return options
    }

    private func choice<Value: RawRepresentable<String> & CaseIterable>(
        _ text: String, _ type: Value.Type
    ) throws(ConfigurationComplaint) -> Value {
        guard let value = Value(rawValue: text) else {
            let choices = Value.allCases.map(\.rawValue).joined(separator: ", ")
            throw ConfigurationComplaint("\(quoted(text)) is none of the choices", hint: "write one of \(choices)")
        }
        return value
    }

    /// A common name as certificates have it (RFC 5280: at most 64 characters), such as `ISRG Root X1`.
    private func commonName(_ text: String) throws(ConfigurationComplaint) -> String {
        let isText = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        guard !text.isEmpty, text.count <= 64, isText else {
            throw ConfigurationComplaint(
                "\(quoted(text)) is not the name of an issuer", hint: "write its common name, such as \"ISRG Root X1\"")
        }
        return text
    }
}
