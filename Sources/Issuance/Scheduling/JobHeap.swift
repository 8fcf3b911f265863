import FleetStore

/// A binary heap of waiting jobs by their latest start. An entry whose job has gone another way stays in it until it comes
/// up, and is recognised by its generation.
struct JobHeap: Sendable {
    struct Entry: Sendable {
        /// Seconds as `Date` counts them.
        let latestStart: Double
        let generation: UInt32
        let device: Int64

        fileprivate func isBefore(_ other: Entry) -> Bool {
            // The device decides between equals, so that the same input gives the same order.
            latestStart != other.latestStart ? latestStart < other.latestStart : device < other.device
        }
    }

    private var entries: [Entry] = []

    var first: Entry? { entries.first }
    var count: Int { entries.count }

    mutating func insert(_ entry: Entry) {
        var index = entries.count
        entries.append(entry)
        while index > 0 {
            let parent = (index - 1) / 2
            guard entries[index].isBefore(entries[parent]) else { return }
            entries.swapAt(index, parent)
            index = parent
        }
    }

    mutating func removeFirst() {
        guard let last = entries.popLast(), !entries.isEmpty else { return }
        entries[0] = last
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < entries.count {
                if entries[child].isBefore(entries[least]) { least = child }
            }
            guard least != index else { return }
            entries.swapAt(index, least)
            index = least
        }
    }
}
