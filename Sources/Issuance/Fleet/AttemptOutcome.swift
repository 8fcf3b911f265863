import ACME

extension JobScheduler.Outcome {
    /// What an attempt means for those that come after it.
    package init(_ outcome: RequestWorker.Outcome) {
        switch outcome {
        case .issued: self = .succeeded
        case .skipped: self = .skipped
        case .failed(let error, let retryAt):
            if let limit = (error as? IssuanceError)?.cause as? ReachedLimit {
                self = limit.isShared ? .limited(until: retryAt) : .failed
            } else if let trouble = AuthorityTrouble(error), trouble.isTemporary {
                self = .troubled(retryAfter: trouble.retryAfter)
            } else {
                self = .failed
            }
        }
    }
}
