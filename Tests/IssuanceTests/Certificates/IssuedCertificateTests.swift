import Crypto
import DeviceCertificates
import FoundationEssentials
import SwiftASN1
import Testing
import X509

@testable import Issuance

@Suite("A chain is what was asked for, or nothing of it is written (RFC 8555 §7.4.2)")
struct IssuedCertificateTests {
    private let now = Date(timeIntervalSince1970: 1_800_000_000)
    private let name = "dev1.devices.example.com"
    private let root: TestIssuer
    private let intermediate: TestIssuer
    private let key = Certificate.PrivateKey(P256.Signing.PrivateKey())

    init() throws {
        root = try TestIssuer("Root", now: now)
        intermediate = try TestIssuer("Intermediate", below: root, now: now)
    }

    @Test("key, names, time and order of the chain are right: it is taken")
    func good() throws {
        let issued = try chain(try leaf())
        try issued.verify(key: key.publicKey, names: [name], now: now)
        #expect(issued.names == [name])
        #expect(issued.serial == "abc")
        #expect(issued.issuer == "Intermediate")
        #expect(issued.notAfter == now.addingTimeInterval(86_400 * 90))
        let read = try IssuedCertificate(pem: issued.certificatePEM + issued.chainPEM)
        #expect(read.der == issued.der)
        #expect(read.keyFingerprint == issued.keyFingerprint && issued.keyFingerprint.count == 64)
    }

    @Test("the names are compared as a set, without regard to case")
    func names() throws {
        let leaf = try intermediate.issue([.dnsName("*.\(name)"), .dnsName(name.uppercased())], for: key.publicKey)
        try chain(leaf).verify(key: key.publicKey, names: [name, "*.\(name)"], now: now)
    }

    @Test("another key")
    func otherKey() throws {
        let other = Certificate.PrivateKey(P256.Signing.PrivateKey())
        try expectRejection(try chain(try intermediate.issue([.dnsName(name)], for: other.publicKey)), "another key")
    }

    @Test("other, more, fewer or no names")
    func otherNames() throws {
        for names in [["dev2.devices.example.com"], [name, "dev2.devices.example.com"], []] {
            let leaf = try intermediate.issue(names.map { .dnsName($0) }, for: key.publicKey)
            try expectRejection(try chain(leaf), "instead of")
        }
        let leaf = try intermediate.issue(
            [.dnsName(name), .ipAddress(ASN1OctetString(contentBytes: [10, 0, 0, 5]))], for: key.publicKey)
        try expectRejection(try chain(leaf), "instead of")
        try expectRejection(try chain(try self.leaf()), "instead of", names: [name, "*.\(name)"])
    }

    @Test("expired, or not valid yet, at the second")
    func time() throws {
        try expectRejection(try chain(try leaf(from: -7_200, to: -3_600)), "expired")
        try expectRejection(try chain(try leaf(from: -3_600, to: 0)), "expired")
        let early = try chain(try leaf(from: 1, to: 3_600))
        let error = try #require(throws: IssuanceError.self) {
            try early.verify(key: key.publicKey, names: [name], now: now)
        }
        #expect(error.code == .notYetValid && error.isTemporary)
        #expect(error.message.contains("valid from") && error.hints.contains("check this machine's clock"))
        // Not the right one, and that is worse.
        try expectRejection(early, "instead of", names: ["other.example.com"])
        try chain(try leaf(from: 0, to: 1)).verify(key: key.publicKey, names: [name], now: now)
    }

    @Test("an issuer in the chain that has expired makes it useless")
    func expiredIssuer() throws {
        let old = try TestIssuer("Old", below: root, now: now, life: -1)
        let issued = try IssuedCertificate(
            der: [try old.issue([.dnsName(name)], for: key.publicKey), old.certificate].map(Self.der))
        try expectRejection(issued, "expired")
    }

    @Test("out of order, incomplete, with a gap, or with a stranger's certificate in between")
    func order() throws {
        let leaf = try leaf()
        let stranger = try TestIssuer("Stranger", now: now)
        let namesake = try TestIssuer("Intermediate", below: root, now: now)
        for certificates in [
            [intermediate.certificate, leaf], [leaf], [leaf, root.certificate],
            [leaf, root.certificate, intermediate.certificate],
            [leaf, stranger.certificate, intermediate.certificate],
            [leaf, intermediate.certificate, stranger.certificate],
            // The right name and another key: only the signature tells.
            [leaf, namesake.certificate],
        ] {
            let issued = try IssuedCertificate(der: certificates.map(Self.der))
            #expect(throws: IssuanceError(.chainRejected, "")) {
                try issued.verify(key: key.publicKey, names: [name], now: now)
            }
        }
        let complete = try IssuedCertificate(der: [leaf, intermediate.certificate, root.certificate].map(Self.der))
        try complete.verify(key: key.publicKey, names: [name], now: now)
    }

    @Test("RFC 5280 §4.2.1.6: names of other kinds are written as people know them, and are no DNS names")
    func namesOfOtherKinds() throws {
        let names: [GeneralName] = [
            .dnsName("DEV1.devices.example.com"), .ipAddress(ASN1OctetString(contentBytes: [192, 0, 2, 7])),
            .uniformResourceIdentifier("https://x.test/"), .rfc822Name("ops@x.test"),
        ]
        let issued = try IssuedCertificate(der: [Self.der(try root.issue(names, for: key.publicKey))])
        #expect(issued.names == [name, "IP Address:192.0.2.7", "URI:https://x.test/", "email:ops@x.test"])
    }

    @Test("what is no certificate is refused, and so is an empty answer")
    func garbage() throws {
        for der in [[], [[]], [[0x30, 0x00]], [Array("hello".utf8)], [Array(try Self.der(try leaf()).dropLast())]]
            as [[[UInt8]]]
        {
            #expect(throws: DeviceCertificateError(.chain, "")) { try IssuedCertificate(der: der) }
        }
        for text in ["", "hello", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            #expect(throws: DeviceCertificateError(.chain, "")) { try IssuedCertificate(pem: text) }
        }
    }

    // MARK: -

    private func leaf(from: TimeInterval = -60, to: TimeInterval = 86_400 * 90) throws -> Certificate {
        try intermediate.issue([.dnsName(name)], for: key.publicKey, from: from, to: to)
    }

    private func chain(_ leaf: Certificate) throws -> IssuedCertificate {
        try IssuedCertificate(der: [leaf, intermediate.certificate].map(Self.der))
    }

    private func expectRejection(
        _ issued: IssuedCertificate, _ reason: String, names: [String]? = nil,
        location: SourceLocation = #_sourceLocation
    ) throws {
        let error = try #require(throws: IssuanceError.self, sourceLocation: location) {
            try issued.verify(key: key.publicKey, names: names ?? [name], now: now)
        }
        #expect(error.code == .chainRejected, sourceLocation: location)
        #expect(error.message.contains(reason), "\(error)", sourceLocation: location)
    }

    private static func der(_ certificate: Certificate) throws -> [UInt8] {
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        return serializer.serializedBytes
    }
}
