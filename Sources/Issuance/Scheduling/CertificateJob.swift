package import FleetStore
package import FoundationEssentials

/// A certificate that is to be obtained, as the scheduler sees it.
package struct CertificateJob: Sendable, Hashable {
    /// What makes it necessary.
    package enum Need: UInt8, Sendable {
        /// The device never had a certificate.
        case first
        /// What it had is no longer valid.
        case expired
        /// What it has is to be replaced in the ordinary course.
        case renewal
        /// The CA wants what it has replaced at once (a window moved into the past, a revocation).
        case recall
    }

    package let device: Device.ID
    package let lane: JobLane
    package let gate: JobGate
    package let need: Need
    /// Since when it waits.
    package let since: Date
    /// The end of what the device has; nil for ``Need/first``.
    package let notAfter: Date?
    /// How long certificates of its kind are valid, in seconds.
    package let lifetime: TimeInterval
    /// Belongs to the group that goes first.
    package let isCanary: Bool

    package init(
        device: Device.ID, lane: JobLane, gate: JobGate, need: Need, since: Date, notAfter: Date? = nil,
        lifetime: TimeInterval = 90 * 86_400, isCanary: Bool = false
    ) {
        self.device = device
        self.lane = lane
        self.gate = gate
        self.need = need
        self.since = since
        self.notAfter = notAfter
        self.lifetime = lifetime
        self.isCanary = isCanary
    }

    /// Whether the device has no valid certificate meanwhile.
    package var isWaiting: Bool { need == .first || need == .expired }

    /// The last moment at which work can begin and end in time; its distance from now is the slack.
    package func latestStart(_ policy: SchedulingPolicy) -> Date {
        let end = notAfter ?? .distantFuture
        switch need {
        case .first: return since.addingTimeInterval(policy.firstPatience.seconds)
        // Past it already: whoever is without the longest comes first.
        case .expired: return min(end, since)
        case .renewal: return end.addingTimeInterval(-policy.expectedWork.seconds)
        case .recall:
            let wanted = since.addingTimeInterval(policy.recallPatience.seconds)
            return min(end, wanted).addingTimeInterval(-policy.expectedWork.seconds)
        }
    }

    /// From when on it passes whatever else is waiting, because the device would lose a valid certificate. One that has
    /// none has nothing more to lose and waits its fair turn.
    package func endangeredFrom(_ policy: SchedulingPolicy) -> Date {
        switch need {
        case .first, .expired: .distantFuture
        case .renewal: latestStart(policy).addingTimeInterval(-lifetime * policy.endangeredShare)
        case .recall: latestStart(policy).addingTimeInterval(-policy.recallPatience.seconds / 2)
        }
    }
}

/// Those among whom the scheduler is fair: a tag's devices in a zone. Handed out by the scheduler.
package struct JobLane: Sendable, Hashable {
    let index: Int32
}

/// A limit of a CA's that jobs have in common: while it is used up none of them starts. Handed out by the scheduler.
package struct JobGate: Sendable, Hashable {
    let index: Int32
}
