import CertificateFiles
import DeviceCertificates
import DeviceHost
package import FleetAPI

/// How things stand, from what is on this device; nothing is asked of anybody.
package struct StatusReport: Codable, Hashable, Sendable {
    package struct Certificate: Codable, Hashable, Sendable {
        package var directory: String
        package var serial: String
        package var notBefore: Timestamp
        package var notAfter: Timestamp
        /// By this device's clock.
        package var isValidNow: Bool
    }

    package var isEnrolled: Bool
    package var server: String
    package var name: String?
    /// What the interfaces have now.
    package var addresses: [String]
    /// What DNS held at the last check-in.
    package var published: [String]
    /// Absent when there is no pair of key and certificate.
    package var certificate: Certificate?
    package var renewAt: Timestamp?
    package var lastCheckIn: Timestamp?
    package var lastError: String?
    /// The serial number of a certificate that could not be put to use.
    package var failedDeployment: String?

    /// For people.
    package var text: String {
        var lines = ["name:         " + (name ?? "not enrolled"), "server:       " + server]
        func list(_ values: [String]) -> String { values.isEmpty ? "none" : values.joined(separator: ", ") }
        lines.append("addresses:    " + list(addresses))
        if let lastCheckIn {
            lines.append("in DNS:       \(list(published)) (at the last check-in, \(lastCheckIn))")
        }
        if let certificate {
            let validity = certificate.isValidNow ? "valid" : "NOT VALID now, valid"
            lines.append(
                "certificate:  \(certificate.serial), \(validity) from \(certificate.notBefore) "
                    + "to \(certificate.notAfter)"
            )
            lines.append("files:        " + certificate.directory)
        } else {
            lines.append("certificate:  none")
        }
        if let renewAt { lines.append("renewal:      about \(renewAt)") }
        if let failedDeployment {
            lines.append("not in use:   certificate \(failedDeployment) could not be put to use")
        }
        if let lastError { lines.append("last error:   " + lastError) }
        return lines.joined(separator: "\n")
    }
}

extension Agent {
    /// - Throws: `cannotWrite` when the files may not be read.
    package func status() throws(AgentError) -> StatusReport {
        let state = try directory.state()
        let now = surroundings.now()
        let certificate = try state.name.flatMap { name throws(AgentError) -> StatusReport.Certificate? in
            let files = try files(name)
            return try InstalledPair(files).map { pair in
                StatusReport.Certificate(
                    directory: files.directory, serial: pair.chain.serial, notBefore: pair.chain.validFrom,
                    notAfter: pair.chain.validUntil,
                    isValidNow: pair.chain.validFrom <= now && now < pair.chain.validUntil)
            }
        }
        return StatusReport(
            isEnrolled: try directory.credential() != nil, server: configuration.server.text, name: state.name,
            addresses: localAddresses().map(\.description), published: state.published, certificate: certificate,
            renewAt: state.renewAt, lastCheckIn: state.lastCheckIn, lastError: state.lastError,
            failedDeployment: state.deployment?.serial)
    }
}
