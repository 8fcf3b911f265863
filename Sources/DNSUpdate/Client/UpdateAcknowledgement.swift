/// A server's signed NOERROR.
///
/// It means that the message was processed and is on stable storage (RFC 2136 §3.5), not that the zone now holds what
/// was asked for: BIND ignores some changes in silence (a TXT beside a CNAME, what exceeds a policy's count). Read it
/// back.
package struct UpdateAcknowledgement: Sendable, Hashable {
    /// The server that answered.
    package let server: DNSEndpoint
    /// The time of the server's signature, in seconds since 1970.
    package let timeSigned: UInt64
    /// From signing to the verified answer.
    package let roundTrip: Duration
    /// Whether another server signed the answer than the one that was asked: a secondary that forwards updates, or a proxy.
    package let wasHandedOn: Bool
}
