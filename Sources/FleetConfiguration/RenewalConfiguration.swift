/// When, and how many at a time, certificates are obtained.
package struct RenewalConfiguration: Sendable, Hashable {
    /// Orders at a time that can be configured; more would only queue at the CA.
    package static let allowedConcurrency = 1...512
    package static let defaultConcurrency = 32

    /// A part of each day, in minutes after midnight UTC, 0..<1440; it may reach over midnight.
    package struct Hours: Sendable, Hashable {
        package let start: Int
        package let end: Int
    }

    /// Orders at a time at most.
    package let concurrency: Int
    /// When renewals that can wait are not begun.
    package let quietHours: Hours?
    /// Devices with this tag are renewed first, and all others only when that went well.
    package let canaryTag: String?
    /// Over how many seconds a fleet that begins at once gets its first certificates; nil: as fast as the CA allows.
    package let firstCertificates: Int?
    /// Whether renewals that bunch are brought forward, out of the CA's windows.
    package let spreads: Bool

    static let standard = RenewalConfiguration(
        concurrency: defaultConcurrency, quietHours: nil, canaryTag: nil, firstCertificates: 7 * 86_400, spreads: false)
}
