import SwiftASN1

/// Looks at the key of a request that the X.509 library refuses to parse, to name the reason: an RSA key below 2,048 bits
/// (CA/Browser Forum BR 6.1.5) is the common one, in the firmware of old appliances.
enum RequestKeyPeek {
    private static let rsaEncryption: ASN1ObjectIdentifier = [1, 2, 840, 113_549, 1, 1, 1]

    static func weakRSAKey(in der: [UInt8]) -> IssuanceError? {
        guard let bits = try? modulusBits(in: der), bits < 2_048 else { return nil }
        return IssuanceError(
            .invalidRequest, "the certificate request has an RSA key of \(bits) bits, which no public CA certifies",
            hints: ["make a new key on the device: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256"])
    }

    /// `CertificationRequest.certificationRequestInfo.subjectPKInfo` (RFC 2986 §4) down to the modulus (RFC 8017 A.1.1).
    private static func modulusBits(in der: [UInt8]) throws -> Int? {
        try DER.sequence(DER.parse(der), identifier: .sequence) { request -> Int? in
            var bits: Int?
            if let info = request.next() {
                bits = try keyInfo(info)
            }
            while request.next() != nil {}
            return bits
        }
    }

    private static func keyInfo(_ info: ASN1Node) throws -> Int? {
        try DER.sequence(info, identifier: .sequence) { fields -> Int? in
            _ = fields.next()
            _ = fields.next()
            var bits: Int?
            if let key = fields.next() {
                bits = try DER.sequence(key, identifier: .sequence) { parts -> Int? in
                    guard let algorithm = parts.next(), let value = parts.next(),
                        try isRSA(algorithm)
                    else {
                        while parts.next() != nil {}
                        return nil
                    }
                    return try modulus(of: ASN1BitString(derEncoded: value).bytes)
                }
            }
            while fields.next() != nil {}
            return bits
        }
    }

    private static func isRSA(_ algorithm: ASN1Node) throws -> Bool {
        try DER.sequence(algorithm, identifier: .sequence) { parts -> Bool in
            let identifier = try ASN1ObjectIdentifier(derEncoded: &parts)
            while parts.next() != nil {}
            return identifier == rsaEncryption
        }
    }

    private static func modulus(of key: ArraySlice<UInt8>) throws -> Int {
        try DER.sequence(DER.parse(key), identifier: .sequence) { numbers -> Int in
            let modulus = try ArraySlice<UInt8>(derEncoded: &numbers).drop { $0 == 0 }
            while numbers.next() != nil {}
            guard let first = modulus.first else { return 0 }
            return modulus.count * 8 - first.leadingZeroBitCount
        }
    }
}
