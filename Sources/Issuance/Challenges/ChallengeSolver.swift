package import ACME
package import DNSUpdate
package import FleetStore

/// One challenge to be answered.
package struct ChallengeTask: Sendable, Hashable {
    /// The name under validation, without `*.` (RFC 8555 §7.1.3).
    package let identifier: DomainName
    /// The record that the CA is to find.
    package let answer: ChallengeAnswer
    package let deviceID: Device.ID
    package let orderID: OrderRecord.ID

    package init(
        identifier: DomainName, answer: ChallengeAnswer, deviceID: Device.ID, orderID: OrderRecord.ID
    ) {
        self.identifier = identifier
        self.answer = answer
        self.deviceID = deviceID
        self.orderID = orderID
    }
}

/// How challenges of one type are answered. All challenges of an order are handed over together: the apex and the wildcard
/// of a name have two values at one place, and both must be there before either is triggered.
package protocol ChallengeSolver: Sendable {
    /// The type of challenge it answers, such as `dns-01`.
    var type: ChallengeType { get }

    /// Finds out whether the names could be validated at all, before an order is spent on them: where their records would
    /// have to be, and that it is a place of ours. What it finds is kept for ``present(_:holding:)`` until
    /// ``forget(_:account:)``.
    /// - Parameter account: the account's URL, which is part of some records' names.
    /// - Throws: `challengeZone`, `LookupFailure`.
    func survey(_ identifiers: [DomainName], account: ACMEURL) async throws

    /// Lets go of what a survey has found: by the next order it may be otherwise.
    func forget(_ identifiers: [DomainName], account: ACMEURL)

    /// Makes the answers known. Quick: it does not wait until others see them.
    /// - Parameter lease: the device's. Whoever has lost it presents and takes back nothing: its successor's answers are the
    ///   same records.
    func present(_ tasks: [ChallengeTask], holding lease: Lease?) async throws

    /// Returns once every server the CA may ask shows every answer.
    /// - Parameter progress: told in words what is waited for.
    func confirm(_ tasks: [ChallengeTask], progress: @escaping @Sendable (String) -> Void) async throws

    /// What each server answers at this moment, for the message when the CA was not satisfied.
    func evidence(_ tasks: [ChallengeTask]) async -> [String]

    /// Takes back all answers of an order, those of earlier runs, too. It runs whatever happened before, also in a cancelled
    /// task, and does not need `present` to have succeeded. What it cannot take back stays in the ledger for the next sweep.
    /// - Parameters:
    ///   - tasks: what this run has presented, or tried to.
    ///   - lease: as for `present`.
    /// - Returns: what remains, in words.
    func withdraw(_ tasks: [ChallengeTask], of order: OrderRecord.ID, holding lease: Lease?) async -> [String]
}
