/// Which step an issuance has come to, for whoever waits for it.
package struct IssuanceProgress: Sendable {
    /// The steps in the order they are taken; some are skipped when the CA still trusts an earlier validation.
    package enum Step: String, Sendable, CaseIterable {
        case address, account, order, publish, propagate, validate, finalize, download, withdraw, install
    }

    package let step: Step
    /// What is being done, as a person would say it.
    package let detail: String

    package init(_ step: Step, _ detail: String) {
        self.step = step
        self.detail = detail
    }
}

package typealias ProgressHandler = @Sendable (IssuanceProgress) -> Void
