/// In which order, and how many at a time, certificates are obtained.
package struct SchedulingPolicy: Sendable, Hashable {
    /// When devices without a valid certificate get their turn.
    package enum WaitingOrder: Sendable, Hashable {
        /// As if their time were up after ``SchedulingPolicy/firstPatience``: before renewals that have days left.
        case bySlack
        /// When no renewal of their zone and tag is waiting.
        case afterRenewals
    }

    /// Orders under way at one CA, between what is tried when it is in trouble and what it is never asked to exceed.
    package var concurrency: ClosedRange<Int> = 1...32
    /// How long an order usually takes, from newOrder to the chain.
    package var expectedWork: Duration = .seconds(30)
    /// After this long an order does not hold a place against others any more.
    package var stuckAfter: Duration = .seconds(300)
    /// How long a device without a certificate may wait before it counts as late.
    package var firstPatience: Duration = .seconds(900)
    /// How long a CA's recall leaves: what CAs give before they revoke (CA/B BR §4.9.1.1: 24 hours).
    package var recallPatience: Duration = .seconds(86_400)
    /// The last part of a certificate's life in which its renewal passes everything else, 0...1.
    package var endangeredShare = 0.125
    /// Of so many starts in a row at most all but one go to endangered ones, so that nobody else is shut out.
    package var turns = 4
    /// The part of the places that one zone may take when there are others, so that its trouble is not theirs.
    package var zoneShare = 0.75
    package var waiting: WaitingOrder = .bySlack
    /// How a fleet that begins at once is spread; nil: as fast as the CA allows.
    package var firstCertificates: FirstCertificatePace? = FirstCertificatePace()
    /// When renewals that can wait are not begun.
    package var quietHours: QuietHours?
    /// How long the rest waits for a group that is to go first and does not come to a result.
    package var canaryPatience: Duration = .seconds(3_600)
    /// How long a failure of that group holds the rest up when nothing more comes of it.
    package var canaryFailureHold: Duration = .seconds(6 * 3_600)

    package init() {}
}
