/// `POST /v1/check-in`, bearer: the device's credential.
package struct CheckInRequest: Hashable, Codable, Sendable {
    /// The device's local addresses, v4 and v6; the name follows them. An empty list takes the name out of DNS.
    package var addresses: [String]
    /// What is installed; absent when there is no usable pair of key and certificate.
    package var certificate: InstalledCertificate?

    package init(addresses: [String], certificate: InstalledCertificate? = nil) {
        self.addresses = addresses
        self.certificate = certificate
    }
}

/// The certificate that a device has in use.
package struct InstalledCertificate: Hashable, Codable, Sendable {
    /// The serial number in lower-case hex, two digits a byte, without separators.
    package var serial: String
    package var notAfter: Timestamp

    package init(serial: String, notAfter: Timestamp) {
        self.serial = serial
        self.notAfter = notAfter
    }

    /// Whether that is the serial number meant here. Programs write it in capitals, with colons or leading zeros; all of
    /// that says the same.
    package func hasSerial(_ other: String) -> Bool {
        Self.digits(serial) == Self.digits(other)
    }

    private static func digits(_ serial: String) -> String {
        String(serial.lowercased().filter { $0 != ":" }.drop { $0 == "0" })
    }
}

/// 200: what to do and when to come again.
package struct CheckInResponse: Hashable, Codable, Sendable {
    /// The device's name, fully qualified, without a dot at the end.
    package var name: String
    /// What DNS holds for it now.
    package var addresses: [String]
    package var certificate: CertificateDirective
    /// Seconds until the next check-in, jittered by the server.
    package var checkInAfter: Int
    /// Why DNS does not hold the addresses that were reported; absent when it does.
    package var addressProblem: ProblemDocument?

    package init(
        name: String, addresses: [String], certificate: CertificateDirective, checkInAfter: Int,
        addressProblem: ProblemDocument? = nil
    ) {
        self.name = name
        self.addresses = addresses
        self.certificate = certificate
        self.checkInAfter = checkInAfter
        self.addressProblem = addressProblem
    }
}

/// What a device is to do about its certificate.
package struct CertificateDirective: Hashable, Codable, Sendable {
    package struct Action: ExtensibleValue {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }
        /// Nothing now.
        package static let none = Action(rawValue: "none")
        /// Make a key, send its CSR.
        package static let sendCSR = Action(rawValue: "send-csr")
        /// A newer certificate is ready at `GET /v1/certificate`.
        package static let download = Action(rawValue: "download")
    }

    package var action: Action
    /// The end of the certificate that the server has for the device.
    package var notAfter: Timestamp?
    /// When the server means to renew it.
    package var renewAt: Timestamp?

    package init(action: Action, notAfter: Timestamp? = nil, renewAt: Timestamp? = nil) {
        self.action = action
        self.notAfter = notAfter
        self.renewAt = renewAt
    }
}

/// 202 of the certificate routes: the answer is not there yet; `Retry-After` says when to look again.
package struct PendingResponse: Hashable, Codable, Sendable {
    package struct Status: ExtensibleValue {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }
        package static let pending = Status(rawValue: "pending")
    }

    package var status: Status

    package init(status: Status = .pending) {
        self.status = status
    }
}
