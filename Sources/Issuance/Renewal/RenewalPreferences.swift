/// What the operator wants of the times of renewals.
package struct RenewalPreferences: Sendable {
    /// Renewals are not planned for these hours when the CA's window reaches beyond them.
    package var quietHours: QuietHours?
    /// Devices with this tag go first.
    package var canaryTag: String?
    /// Where bunched renewals are brought forward; nil: they are not.
    package var book: RenewalBook?

    package init(quietHours: QuietHours? = nil, canaryTag: String? = nil, book: RenewalBook? = RenewalBook()) {
        self.quietHours = quietHours
        self.canaryTag = canaryTag
        self.book = book
    }

    /// Nothing but the CA's windows.
    package static var none: RenewalPreferences { RenewalPreferences(book: nil) }
}
