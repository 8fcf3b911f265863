/// One page of a listing in a stable order.
package struct Page<Element: Sendable>: Sendable {
    /// The page's elements, in order.
    package let items: [Element]
    /// Hand this back as `after` to get the next page; nil on the last one.
    package let next: String?

    package init(items: [Element], next: String?) {
        self.items = items
        self.next = next
    }
}
