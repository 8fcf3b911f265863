/// What an unknown key was probably meant to be.
enum KeySuggestion {
    static func complaint(unknown key: String, _ accepted: [String]) -> ConfigurationComplaint {
        let all = "the keys here are \(listed(accepted))"
        guard let nearest = nearest(to: key, accepted) else { return ConfigurationComplaint("unknown key", hint: all) }
        return ConfigurationComplaint("unknown key", hint: "did you mean \(nearest)? \(all)")
    }

    static func nearest(to key: String, _ accepted: [String]) -> String? {
        let typed = folded(key)
        guard !typed.isEmpty, typed.count <= 60 else { return nil }
        let ranked = accepted.map { word in
            let known = folded(word)
            let isBeginning = typed.count >= 4 && known.starts(with: typed)
            return (word: word, distance: isBeginning ? 1 : distance(typed, known))
        }
        guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
        return best.distance <= max(1, typed.count / 3) ? best.word : nil
    }

    /// `tsig_key_file`, `tsigKeyFile` and `tsig-key-file` are the same to a person.
    private static func folded(_ key: String) -> [Character] {
        key.lowercased().filter { $0 != "-" && $0 != "_" && $0 != " " }
    }

    /// Insertions, deletions and replacements that turn one into the other (Levenshtein).
    private static func distance(_ first: [Character], _ second: [Character]) -> Int {
        var row = Array(0...second.count)
        for (index, character) in first.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for (column, other) in second.enumerated() {
                let replaced = diagonal + (character == other ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
            }
        }
        return row[second.count]
    }
}
