/// `POST /v1/enroll`, bearer: an enrollment token.
package struct EnrollRequest: Hashable, Codable, Sendable {
    /// The label or full name wished for; without one the token or the server decides.
    package var name: String?
    /// The device's local addresses, to be published at once.
    package var addresses: [String]?

    package init(name: String? = nil, addresses: [String]? = nil) {
        self.name = name
        self.addresses = addresses
    }
}

/// 201: the device exists now.
package struct EnrollResponse: Hashable, Codable, Sendable {
    /// Fully qualified, without a dot at the end.
    package var name: String
    /// Shown this once.
    package var credential: SecretToken
    /// Seconds until the first check-in is expected.
    package var checkInAfter: Int

    package init(name: String, credential: SecretToken, checkInAfter: Int) {
        self.name = name
        self.credential = credential
        self.checkInAfter = checkInAfter
    }
}

/// 200 of `POST /v1/credential`: a credential in place of the one that was used.
package struct CredentialResponse: Hashable, Codable, Sendable {
    package var credential: SecretToken
    /// Until then the previous credential is accepted too; it ends sooner when the new one is first used.
    package var previousValidUntil: Timestamp

    package init(credential: SecretToken, previousValidUntil: Timestamp) {
        self.credential = credential
        self.previousValidUntil = previousValidUntil
    }
}
