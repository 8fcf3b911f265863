/// Text from outside, made fit for a one-line message: no control characters, bounded.
enum Evidence {
    private static let limit = 300

    /// Control characters (which could forge log lines or drive a terminal) become spaces.
    static func text(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars.prefix(limit) {
            let isUnsafe =
                scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
                || scalar.properties.generalCategory == .lineSeparator
                || scalar.properties.generalCategory == .paragraphSeparator
            result.unicodeScalars.append(isUnsafe ? " " : scalar)
        }
        return text.unicodeScalars.count > limit ? result + "…" : result
    }

    static func quote(_ text: String) -> String { "\"\(Self.text(text))\"" }

    static func quote(_ bytes: [UInt8]) -> String { quote(String(decoding: bytes.prefix(limit * 4), as: UTF8.self)) }
}
