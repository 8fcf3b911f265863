/// The orders under way, by when they end.
struct CompletionQueue {
    enum Result: UInt8 {
        case issued
        case failed
        case troubled
        case refused
    }

    struct Entry {
        let end: Int
        let device: Int32
        let result: Result
    }

    /// In descending order; there are never more than a few hundred.
    private var entries: [Entry] = []

    /// When the next one ends.
    var next: Int? { entries.last?.end }

    mutating func insert(_ device: Int, end: Int, _ result: Result) {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].end > end { low = middle + 1 } else { high = middle }
        }
        entries.insert(Entry(end: end, device: Int32(device), result: result), at: low)
    }

    /// Takes one out that has ended.
    mutating func take(upTo second: Int) -> Entry? {
        guard let last = entries.last, last.end <= second else { return nil }
        entries.removeLast()
        return last
    }
}
