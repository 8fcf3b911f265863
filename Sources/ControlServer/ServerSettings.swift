/// What bounds the server: none of it is a business rule, all of it keeps one client from hurting the others.
package struct ServerSettings: Sendable {
    /// A bucket that holds `burst` requests and earns one back each `interval`.
    package struct Rate: Sendable {
        package var burst: Int
        package var interval: Duration

        package init(burst: Int, interval: Duration) {
            self.burst = burst
            self.interval = interval
        }
    }

    /// Bytes of a request's body; imports excepted.
    package var bodyLimit = 64 << 10
    /// Bytes of the body of an import: 1,000,000 devices with tags and addresses.
    package var importLimit = 64 << 20
    /// Bytes of all header fields together.
    package var headerLimit = 16 << 10
    package var headerCountLimit = 64
    /// How long a body may take to arrive.
    package var bodyTimeout: Duration = .seconds(15)
    package var importTimeout: Duration = .seconds(120)
    /// How long the head of a request may take, from the connection's beginning or the answer before.
    package var idleTimeout: Duration = .seconds(75)
    /// The same when more than three quarters of the places for connections are taken: whoever says nothing must not keep
    /// out those who would.
    package var crowdedIdleTimeout: Duration = .seconds(5)
    /// How long a client may take to read an answer.
    package var answerTimeout: Duration = .seconds(60)
    /// Connections at a time; more wait in the kernel's queue.
    package var connectionLimit = 12_000
    /// Of these, what one client address (IPv6: a /64) may have; not behind a proxy, where all have its address.
    var clientConnectionLimit: Int { max(1, connectionLimit / 2) }
    /// Per client address (IPv6: per /64): requests without a valid credential, so that nobody who shares an address with
    /// many, or with somebody who tries credentials, is held up by them.
    package var addressRate = Rate(burst: 400, interval: .milliseconds(10))
    /// Per client address, for the routes of monitoring: they cost more than a refusal, and are asked a few times a minute.
    package var monitoringRate = Rate(burst: 60, interval: .milliseconds(200))
    /// Per device or token.
    package var credentialRate = Rate(burst: 60, interval: .milliseconds(500))
    /// Per device: changes of its addresses. Each costs an update of the zone, which its secondaries fetch, and a commit.
    package var addressChangeRate = Rate(burst: 60, interval: .seconds(30))
    /// Per device: new credentials. Each costs a commit and a line in the audit log.
    package var rotationRate = Rate(burst: 10, interval: .seconds(600))
    /// Per client address: credentials that are not valid. Valid ones are served meanwhile.
    package var failureRate = Rate(burst: 20, interval: .seconds(6))
    /// Seconds between a device's check-ins, before jitter of ten per cent either way.
    package var checkInInterval = 300
    /// The longest `Prefer: wait` that is honoured, in seconds.
    package var longestWait = 120
    /// How long a credential that was replaced is accepted beside the new one.
    package var credentialOverlap: Duration = .seconds(7 * 86_400)
    /// Between two comparisons of a zone with the store, before jitter of ten per cent either way.
    package var zoneWatchInterval: Duration = .seconds(900)
    /// How long what is under way may take after the signal to stop.
    package var shutdownPatience: Duration = .seconds(60)

    package init() {}
}
