extension String {
    /// Outside text for a message: in quotes, at most 80 characters of it, and nothing in it can break a line or steer a
    /// terminal.
    var quotedForMessage: String {
        var quoted = "\""
        for (index, scalar) in unicodeScalars.enumerated() {
            guard index < 80 else { return quoted + "…\"" }
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F: quoted += scalar.escaped(asASCII: true)
            case _ where scalar.value < 0x7F: quoted.unicodeScalars.append(scalar)
            default: quoted += "\\u{\(String(scalar.value, radix: 16))}"
            }
        }
        return quoted + "\""
    }
}
