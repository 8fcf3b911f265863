/// What the operator wants of the times of renewals.
package struct RenewalPreferences: Sendable {
    /// Renewals are not planned for these hours when the CA's window reaches beyond them.
    package var quietHours: QuietHours?
    /// Devices with this tag go first.
    package var canaryTag: String?
    /// The renewals there are, among which new ones are placed where there is little to do; nil: anywhere.
    package var book: RenewalBook?
    /// Whether renewals that bunch are brought forward, out of the CA's windows.
    package var leavesWindows: Bool

    package init(
        quietHours: QuietHours? = nil, canaryTag: String? = nil, book: RenewalBook? = RenewalBook(),
        leavesWindows: Bool = false
    ) {
        self.quietHours = quietHours
        self.canaryTag = canaryTag
        self.book = book
        self.leavesWindows = leavesWindows
    }

    /// Nothing but the CA's windows.
    package static var none: RenewalPreferences { RenewalPreferences(book: nil) }
}
