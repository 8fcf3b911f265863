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

    /// The busiest hour ahead; nil when nothing is planned.
    func busiest(after now: Date) -> RenewalCalendar.Bunch? { calendar.withLock { $0.busiest(after: now) } }

    /// For an instant that is booked: itself, or an earlier one when its hour has more than its share. What bunched before
    /// somebody chose to bring renewals forward is spread that way too, and not only what is issued from then on.
    func levelled(_ planned: Date, notBefore: Date, now: Date, random: inout some RandomNumberGenerator) -> Date {
        calendar.withLock { calendar in
            let chosen = calendar.levelled(planned, notBefore: notBefore, earliest: now, random: &random)
            guard chosen != planned else { return planned }
            calendar.cancel(planned)
            calendar.book(chosen)
            return chosen
        }
    }

    /// One of the instants that `draw` gives, in an hour with little to do; see ``RenewalCalendar/quietest(random:draw:)``.
    /// It is booked, so that the next one is planned around it.
    ///
    /// - Parameter leavingWindow: the certificate's beginning, when the instant may be brought forward
    ///   (`RenewalCalendar.levelled`).
    func book<Generator: RandomNumberGenerator>(
        leavingWindow notBefore: Date?, random: inout Generator, draw: (inout Generator) -> Date
    ) -> Date {
        calendar.withLock { calendar in
            var chosen = calendar.quietest(random: &random, draw: draw)
            if let notBefore { chosen = calendar.levelled(chosen, notBefore: notBefore, random: &random) }
            calendar.book(chosen)
            return chosen
        }
    }
}
