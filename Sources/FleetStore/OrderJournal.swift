/// The journal of orders: each step is written before the next outside effect, so that a restart resumes where the
/// process died and no order is spent twice.
package protocol OrderJournal: Sendable {
    /// Opens an order at step `planned`.
    ///
    /// - Throws: `conflict` when the device already has an open order at that CA (resume or fail that one),
    ///   `notFound` for an unknown device.
    func beginOrder(_ new: NewOrder) async throws(FleetStoreError) -> OrderRecord

    /// Notes that an order has come to `step`, with what is known now. The same step may be noted again.
    ///
    /// - Parameter lease: when given, the note is made only if this lease is still held: a process that was suspended
    ///   and lost its lease meanwhile cannot overwrite its successor's journal.
    /// - Throws: `notFound`; `conflict` when the order is finished or already further; `leaseLost`.
    func advanceOrder(
        _ id: OrderRecord.ID, to step: OrderRecord.Step, _ change: OrderChange, holding lease: Lease?
    ) async throws(FleetStoreError) -> OrderRecord

    /// The order of that key, or nil.
    func order(_ id: OrderRecord.ID) async throws(FleetStoreError) -> OrderRecord?

    /// The latest order with that URL at the CA, or nil. Several can have it: a CA may answer newOrder with a pending
    /// order that we had given up.
    func order(url: String) async throws(FleetStoreError) -> OrderRecord?

    /// The device's unfinished order at that CA, or nil.
    func openOrder(of device: Device.ID, directoryURL: String) async throws(FleetStoreError) -> OrderRecord?

    /// Unfinished orders, oldest first: what a restart has to resume.
    ///
    /// - Parameters:
    ///   - after: the last one of the previous page; nil for the first page.
    ///   - limit: 1...10,000; values outside are clamped.
    func openOrders(after: OrderRecord.ID?, limit: Int) async throws(FleetStoreError) -> [OrderRecord]

    /// The device's latest orders, finished or not, newest first.
    func orders(of device: Device.ID, limit: Int) async throws(FleetStoreError) -> [OrderRecord]
}

extension OrderJournal {
    /// As ``advanceOrder(_:to:_:holding:)`` without further facts and without a fence.
    @discardableResult
    package func advanceOrder(
        _ id: OrderRecord.ID, to step: OrderRecord.Step, _ change: OrderChange = OrderChange()
    ) async throws(FleetStoreError) -> OrderRecord {
        try await advanceOrder(id, to: step, change, holding: nil)
    }
}
