import DNSUpdate

/// What is found at names, with detail for the first ones: in a zone full of others' names, the rest is only counted.
struct NameSample<Detail: Sendable>: Sendable {
    private(set) var details: [DomainName: Detail] = [:]
    /// Names without detail.
    private(set) var others = 0
    private let limit: Int
    private var last: DomainName?

    init(limit: Int = 1_000) {
        self.limit = limit
    }

    var count: Int { details.count + others }

    /// - Parameter empty: what `body` begins with at a name that is new.
    mutating func note(_ name: DomainName, _ empty: @autoclosure () -> Detail, _ body: (inout Detail) -> Void) {
        if details[name] != nil || details.count < limit {
            body(&details[name, default: empty()])
        } else if name != last {
            // Servers send the records of one name one after the other.
            others += 1
            last = name
        }
    }
}
