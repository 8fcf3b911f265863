extension TSIGAlgorithm {
    /// Reads what follows `algorithm` in named.conf: a name without regard to case, and optionally a hyphen and the bits
    /// that MACs are cut to. As in BIND, the bits do not change the name in messages.
    ///
    /// - Returns: nil for an unknown name, or bits that are not a multiple of 8 up to the hash's. Whether they are enough
    ///   is for `TSIGKey` to say.
    package static func parse(configuration text: String) -> (TSIGAlgorithm, macLength: Int)? {
        let text = text.utf8.map(\.asciiLowercased)
        for (name, algorithm) in configurationNames where text.starts(with: name.utf8) {
            let rest = text.dropFirst(name.utf8.count)
            if rest.isEmpty { return (algorithm, algorithm.macLength) }
            guard rest.first == UInt8(ascii: "-") else { continue }
            let digits = String(decoding: rest.dropFirst(), as: UTF8.self)
            guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let bits = Int(digits),
                bits.isMultiple(of: 8), bits <= algorithm.macLength * 8
            else { return nil }
            return (algorithm, bits / 8)
        }
        return nil
    }

    private static let configurationNames: [(String, TSIGAlgorithm)] =
        all.map { ($0.description, $0) } + [
            ("hmac-md5.sig-alg.reg.int", .hmacMD5), ("hmac-md5.sig-alg.reg.int.", .hmacMD5),
        ]
}
