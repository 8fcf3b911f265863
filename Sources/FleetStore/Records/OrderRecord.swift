#if canImport(FoundationEssentials)
package import FoundationEssentials
#else
package import Foundation
#endif

/// What is known of an order before the CA is asked.
package struct NewOrder: Sendable, Hashable {
    package var deviceID: Device.ID
    /// The CA the order goes to.
    package var directoryURL: String
    /// The DNS names asked for.
    package var identifiers: [String]
    package var profile: String?
    /// The ARI CertID of the certificate this one replaces (RFC 9773 §5).
    package var replaces: String?
    /// The certificate signing request, DER; may follow later.
    package var csr: [UInt8]?

    package init(
        deviceID: Device.ID, directoryURL: String, identifiers: [String], profile: String? = nil,
        replaces: String? = nil, csr: [UInt8]? = nil
    ) {
        self.deviceID = deviceID
        self.directoryURL = directoryURL
        self.identifiers = identifiers
        self.profile = profile
        self.replaces = replaces
        self.csr = csr
    }
}

/// The journal's entry for one order: how far it has come, and all that is needed to go on after a crash.
package struct OrderRecord: Sendable, Hashable, Identifiable {
    /// The journal's key of an order; never reused.
    package struct ID: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        package let rawValue: Int64
        package init(rawValue: Int64) { self.rawValue = rawValue }
        package var description: String { String(rawValue) }
    }

    /// How far an order has come, in this order. A step is written once its effect is certain; what follows it may or
    /// may not have happened yet when a crash intervenes.
    package enum Step: String, Sendable, Hashable, CaseIterable, Comparable {
        /// About to be asked for at the CA.
        case planned
        /// The CA has it; `orderURL` is known.
        case created
        /// All challenge records have been sent to the primary.
        case published
        /// Every authoritative server shows them.
        case confirmed
        /// The CA has been told to validate.
        case triggered
        /// Every authorization is valid.
        case validated
        /// The CSR has been sent.
        case finalized
        /// The chain is in the store.
        case downloaded
        /// Done: the chain is where it was asked for and the challenges are withdrawn.
        case delivered
        /// Given up; `lastError` says why.
        case failed

        /// True when nothing more will happen to the order.
        package var isFinal: Bool { self == .delivered || self == .failed }

        private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
        package static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }
    }

    package let id: ID
    package let deviceID: Device.ID
    package let directoryURL: String
    package let step: Step
    package let identifiers: [String]
    package let profile: String?
    package let replaces: String?
    package let csr: [UInt8]?
    package let orderURL: String?
    package let certificateURL: String?
    /// When the CA forgets the order.
    package let expiresAt: Date?
    package let lastError: String?
    /// Not to be tried again before this instant (backoff, Retry-After).
    package let retryAt: Date?
    /// 1 for the first order of a device at this CA and after each success; one more after each failure in a row.
    package let attempt: Int
    package let createdAt: Date
    package let updatedAt: Date
}

/// What to note with a step; nil leaves the field alone.
package struct OrderChange: Sendable, Hashable {
    package var orderURL: String?
    package var certificateURL: String?
    package var csr: [UInt8]?
    package var replaces: String?
    package var expiresAt: Date?
    package var lastError: String?
    package var retryAt: Date?

    package init(
        orderURL: String? = nil, certificateURL: String? = nil, csr: [UInt8]? = nil, replaces: String? = nil,
        expiresAt: Date? = nil, lastError: String? = nil, retryAt: Date? = nil
    ) {
        self.orderURL = orderURL
        self.certificateURL = certificateURL
        self.csr = csr
        self.replaces = replaces
        self.expiresAt = expiresAt
        self.lastError = lastError
        self.retryAt = retryAt
    }
}
