/// `POST /v1/devices` → 201 ``DeviceDocument``.
package struct DeviceCreation: Hashable, Codable, Sendable {
    /// Label or full name; without one the server picks an opaque label.
    package var name: String?
    package var description: String?
    package var tags: [String]?
    package var addresses: [String]?

    package init(
        name: String? = nil, description: String? = nil, tags: [String]? = nil, addresses: [String]? = nil
    ) {
        self.name = name
        self.description = description
        self.tags = tags
        self.addresses = addresses
    }
}

/// `PUT /v1/devices/{name}/address` → 200 ``DeviceAddresses``.
package struct AddressRequest: Hashable, Codable, Sendable {
    package var addresses: [String]

    package init(addresses: [String]) {
        self.addresses = addresses
    }
}

/// `POST /v1/devices/{name}/issue` → 200 ``IssueResponse``, or 202 ``PendingResponse``; `Prefer: wait=N` is honoured.
package struct IssueRequest: Hashable, Codable, Sendable {
    /// The CSR in PEM. Without one the certificate is renewed with the CSR that the server has.
    package var csr: String?
    /// Published before the order, when given.
    package var addresses: [String]?
    /// Adds `*.<name>`; the CSR must name it too.
    package var wildcard: Bool?
    /// The CA's certificate profile.
    package var profile: String?
    /// Also when the present certificate is not due.
    package var force: Bool?

    package init(
        csr: String? = nil, addresses: [String]? = nil, wildcard: Bool? = nil, profile: String? = nil,
        force: Bool? = nil
    ) {
        self.csr = csr
        self.addresses = addresses
        self.wildcard = wildcard
        self.profile = profile
        self.force = force
    }
}

/// The certificate that an issue request led to, or found not yet due.
package struct IssueResponse: Hashable, Codable, Sendable {
    package var name: String
    /// False when the present certificate was not due and is returned as it is.
    package var issued: Bool
    package var certificate: DeviceCertificate
    /// The certificate and its issuers in PEM.
    package var chain: String

    package init(name: String, issued: Bool, certificate: DeviceCertificate, chain: String) {
        self.name = name
        self.issued = issued
        self.certificate = certificate
        self.chain = chain
    }
}

/// `POST /v1/devices/{name}/revoke` → 200 ``DeviceDocument``.
package struct RevokeRequest: Hashable, Codable, Sendable {
    /// The CRLReason of RFC 5280 §5.3.1 as a number; absent: unspecified.
    package var reason: Int?

    package init(reason: Int? = nil) {
        self.reason = reason
    }
}
