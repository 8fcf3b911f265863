import DNSUpdate
import FleetStore

/// The devices of a zone, a page at a time, in the order of their names.
struct DevicePages {
    private let filter: DeviceFilter
    private let store: any FleetStore
    private let size: Int
    private var last: String?
    private var isAtEnd = false

    init(of zone: ManagedZone, in store: any FleetStore, size: Int) {
        filter = DeviceFilter(zone: zone.name.canonical.description)
        self.store = store
        self.size = size
    }

    /// - Returns: nil after the last page.
    /// - Throws: `FleetStoreError`.
    mutating func next() async throws(FleetStoreError) -> [Device]? {
        guard !isAtEnd else { return nil }
        let page = try await store.devices(filter, after: last, limit: size)
        last = page.next
        isAtEnd = page.next == nil
        return page.items
    }
}
