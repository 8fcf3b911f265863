/// First in, first out, in constant time; what had to step aside comes back to the front.
struct EngineQueue: Sendable {
    private var returned: [UInt64] = []
    private var items: [UInt64] = []
    private var head = 0

    var count: Int { returned.count + items.count - head }
    var isEmpty: Bool { count == 0 }
    var first: UInt64? { returned.last ?? (head < items.count ? items[head] : nil) }

    mutating func append(_ item: UInt64) { items.append(item) }

    mutating func prepend(_ list: [UInt64]) { returned += list.reversed() }

    mutating func removeFirst() {
        if returned.popLast() != nil { return }
        head += 1
        if head > 1_024, head * 2 > items.count {
            items.removeFirst(head)
            head = 0
        }
    }

    mutating func removeAll() -> [UInt64] {
        defer { self = EngineQueue() }
        return returned.reversed() + items[head...]
    }
}
