/// Who did what, from where, and when. Entries are only ever added.
package protocol AuditLog: Sendable {
    /// Adds an entry with the store's time.
    func appendAudit(_ entry: NewAuditEntry) async throws(FleetStoreError)

    /// Entries, newest first.
    ///
    /// - Parameters:
    ///   - subject: only those about this subject; nil: all.
    ///   - before: the last one of the previous page; nil for the first page.
    ///   - limit: 1...10,000; values outside are clamped.
    func auditEntries(subject: String?, before: AuditEntry.ID?, limit: Int) async throws(FleetStoreError)
        -> [AuditEntry]
}
