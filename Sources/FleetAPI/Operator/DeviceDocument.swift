/// A device as operators see it.
package struct DeviceDocument: Hashable, Codable, Sendable {
    package struct State: ExtensibleValue {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }
        package static let active = State(rawValue: "active")
        /// Out of DNS, not renewed.
        package static let suspended = State(rawValue: "suspended")
        /// Gone; its label is kept back for a while.
        package static let removed = State(rawValue: "removed")
    }

    /// Fully qualified, without a dot at the end.
    package var name: String
    package var zone: String
    package var state: State
    package var description: String?
    package var tags: [String]
    package var addresses: DeviceAddresses
    package var createdAt: Timestamp
    /// The last check-in; absent when it never checked in.
    package var lastSeen: Timestamp?
    package var certificate: DeviceCertificate?
    /// Why the last attempt at something failed; absent when it did not.
    package var lastProblem: ProblemDocument?

    package init(
        name: String, zone: String, state: State, description: String? = nil, tags: [String] = [],
        addresses: DeviceAddresses = DeviceAddresses(), createdAt: Timestamp, lastSeen: Timestamp? = nil,
        certificate: DeviceCertificate? = nil, lastProblem: ProblemDocument? = nil
    ) {
        self.name = name
        self.zone = zone
        self.state = state
        self.description = description
        self.tags = tags
        self.addresses = addresses
        self.createdAt = createdAt
        self.lastSeen = lastSeen
        self.certificate = certificate
        self.lastProblem = lastProblem
    }
}

/// Answer of `GET`, `PUT` and `DELETE /v1/devices/{name}/address`.
package struct DeviceAddresses: Hashable, Codable, Sendable {
    /// What should be in DNS.
    package var wanted: [String]
    /// What DNS was last seen to hold.
    package var published: [String]

    package init(wanted: [String] = [], published: [String] = []) {
        self.wanted = wanted
        self.published = published
    }
}

/// The current certificate of a device.
package struct DeviceCertificate: Hashable, Codable, Sendable {
    /// Lower-case hex, two digits a byte.
    package var serial: String
    package var names: [String]
    package var notBefore: Timestamp
    package var notAfter: Timestamp
    package var renewAt: Timestamp?
    /// A page of the CA on why it wants the certificate renewed then (RFC 9773 §4.2).
    package var renewalExplanation: String?

    package init(
        serial: String, names: [String], notBefore: Timestamp, notAfter: Timestamp, renewAt: Timestamp? = nil,
        renewalExplanation: String? = nil
    ) {
        self.serial = serial
        self.names = names
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.renewAt = renewAt
        self.renewalExplanation = renewalExplanation
    }
}
