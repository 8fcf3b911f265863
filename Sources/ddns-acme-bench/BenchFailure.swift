/// Why a measure has no figures.
struct BenchFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// A program that is measured with does not work on this machine, as far as it can tell by itself. What it would have
/// counted is missing from the report, which says so; the rest is as good as ever.
struct UnusableTool: Error, CustomStringConvertible {
    let description: String
}
