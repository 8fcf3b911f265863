/// What must be kept of a signed request to check its answer (RFC 8945 §5.1).
package struct TSIGContext: Hashable, Sendable {
    package let key: TSIGKey
    /// The ID that was signed.
    package let requestID: UInt16
    package let requestMAC: [UInt8]
    /// Seconds since the epoch.
    package let timeSigned: UInt64
    /// Seconds that the clocks may differ.
    package let fudge: UInt16
}
