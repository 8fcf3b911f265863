/// Links in what a CA says. That of a paused name (Boulder) ends the pause for whoever has it: it is the operator's, and
/// neither a device nor a log has a use for it.
package enum OutsideLinks {
    /// The text with the query of each link left out.
    package static func withoutTokens(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let start = rest.firstRange(of: "https://")?.lowerBound {
            result += rest[..<start]
            let link = rest[start...].prefix { !$0.isWhitespace && !"\"'<>".contains($0) }
            if let query = link.firstIndex(of: "?") {
                result += link[..<query] + "?(withheld)"
                if link.hasSuffix(")") { result += ")" }
            } else {
                result += link
            }
            rest = rest[link.endIndex...]
        }
        return result + rest
    }
}

extension StoredFailure {
    /// For the device.
    package var withoutTokens: StoredFailure {
        var failure = self
        failure.message = OutsideLinks.withoutTokens(message)
        failure.hints = hints.map(OutsideLinks.withoutTokens)
        return failure
    }
}
