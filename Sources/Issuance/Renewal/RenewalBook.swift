package import FleetStore
import FoundationEssentials
import Synchronization

/// The fleet's planned renewals as they are in the store, shared by those who plan more.
package final class RenewalBook: Sendable {
    private let calendar = Mutex(RenewalCalendar())

    package init() {}

    /// Counts again what the store holds.
    package func reload(from store: any WorkStore) async throws(FleetStoreError) {
        var counted = RenewalCalendar()
        for (hour, count) in try await store.plannedRenewals() { counted.book(hour, count: count) }
        let current = counted
        calendar.withLock { $0 = current }
    }

    /// The instant itself, or an earlier one when its hour has more than its share; see ``RenewalCalendar/levelled``. It is
    /// booked, so that the next one is planned around it.
    func levelled(_ instant: Date, notBefore: Date, random: inout some RandomNumberGenerator) -> Date {
        calendar.withLock { calendar in
            let chosen = calendar.levelled(instant, notBefore: notBefore, random: &random)
            calendar.book(chosen)
            return chosen
        }
    }
}
