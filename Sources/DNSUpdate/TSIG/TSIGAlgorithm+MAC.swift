import CLDNS

extension TSIGAlgorithm {
    /// The whole HMAC (RFC 2104) of `data`; nil if libcrypto does not offer the hash (MD5 in a FIPS configuration).
    func authenticationCode(for data: [UInt8], secret: [UInt8]) -> [UInt8]? {
        var code = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        guard HMAC(digest, secret, Int32(secret.count), data, data.count, &code, &length) != nil,
            Int(length) == hashLength
        else { return nil }
        return Array(code.prefix(Int(length)))
    }

    /// Compares in a time that depends on the lengths only.
    static func isEqualInConstantTime(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
    }

    private var digest: OpaquePointer? {
        switch hash {
        case .md5: EVP_md5()
        case .sha1: EVP_sha1()
        case .sha224: EVP_sha224()
        case .sha256: EVP_sha256()
        case .sha384: EVP_sha384()
        case .sha512: EVP_sha512()
        }
    }
}
