import FleetStore
import FoundationEssentials

extension JobScheduler {
    struct ZoneState: Sendable {
        let name: String
        var lanes: [Int] = []
        /// Starts so far, and those that it had no claim to (start-time fair queueing).
        var time = 0.0
        /// The virtual time of its lane that started last.
        var laneClock = 0.0
        var running = 0
    }

    struct LaneState: Sendable {
        let zone: Int
        let tag: String?
        var time = 0.0
        var queued = 0
        var tracks: [Track] = []

        mutating func insert(_ entry: JobHeap.Entry, of job: CertificateJob) {
            queued += 1
            let kind = Track.Kind(job)
            let known = tracks.firstIndex { $0.gate == job.gate && $0.kind == kind }
            if known == nil { tracks.append(Track(gate: job.gate, kind: kind)) }
            tracks[known ?? tracks.endIndex - 1].heap.insert(entry)
        }
    }

    /// Jobs of a lane that the same things hold up, so that its first one speaks for all of them.
    struct Track: Sendable {
        struct Kind: Sendable, Hashable {
            let need: CertificateJob.Need
            let isCanary: Bool

            init(_ job: CertificateJob) {
                need = job.need
                isCanary = job.isCanary
            }
        }

        let gate: JobGate
        let kind: Kind
        var heap = JobHeap()
    }

    struct GateState: Sendable {
        let name: String
        let authority: Int
        var shutUntil: Date?
    }

    struct AuthorityState: Sendable {
        let url: String
        var governor: ConcurrencyGovernor
        var running = 0
    }

    struct Ticket: Sendable {
        var job: CertificateJob
        /// That of its entry in a heap.
        var generation: UInt32
        var isAhead = false
    }

    struct Running: Sendable {
        let job: CertificateJob
        let since: Date
        /// What was submitted for the same device meanwhile.
        var successor: CertificateJob?
    }
}
