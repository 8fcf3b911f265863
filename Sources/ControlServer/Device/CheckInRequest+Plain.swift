package import FleetAPI

extension CheckInRequest {
    /// Reads a check-in as programs write it: no unknown members, no escapes, ASCII. Nil for whatever else there is, right or
    /// wrong, which is the general decoder's business: that takes as long as all the rest of a check-in.
    package init?(plain body: [UInt8]) {
        var scanner = PlainJSON(body)
        var addresses: [String]?
        var certificate: InstalledCertificate?
        let isObject = scanner.object { key, scanner in
            switch key {
            case "addresses" where addresses == nil:
                addresses = scanner.strings()
                return addresses != nil
            case "certificate" where certificate == nil:
                certificate = Self.certificate(&scanner)
                return certificate != nil
            default: return false
            }
        }
        guard isObject, scanner.isAtEnd, let addresses else { return nil }
        self.init(addresses: addresses, certificate: certificate)
    }

    private static func certificate(_ scanner: inout PlainJSON) -> InstalledCertificate? {
        var serial: String?
        var notAfter: Timestamp?
        let isObject = scanner.object { key, scanner in
            switch key {
            case "serial" where serial == nil:
                serial = scanner.string()
                return serial != nil
            case "notAfter" where notAfter == nil:
                notAfter = scanner.string().flatMap { Timestamp($0) }
                return notAfter != nil
            default: return false
            }
        }
        guard isObject, let serial, let notAfter else { return nil }
        return InstalledCertificate(serial: serial, notAfter: notAfter)
    }
}

/// Reads the simple part of JSON (RFC 8259): objects, and strings of visible ASCII without escapes. Each part is nil or false
/// where the text is anything else.
private struct PlainJSON {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool {
        mutating get {
            skipSpace()
            return position == bytes.count
        }
    }

    /// - Parameter member: reads the value of that key; false ends it all.
    mutating func object(_ member: (String, inout PlainJSON) -> Bool) -> Bool {
        guard take("{") else { return false }
        if take("}") { return true }
        repeat {
            guard let key = string(), take(":"), member(key, &self) else { return false }
        } while take(",")
        return take("}")
    }

    mutating func strings() -> [String]? {
        guard take("[") else { return nil }
        if take("]") { return [] }
        var list: [String] = []
        repeat {
            guard let text = string() else { return nil }
            list.append(text)
        } while take(",")
        return take("]") ? list : nil
    }

    mutating func string() -> String? {
        guard take("\"") else { return nil }
        let start = position
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return String(decoding: bytes[start..<position - 1], as: UTF8.self)
            case UInt8(ascii: "\\"), 0..<0x20, 0x7F...: return nil
            default: position += 1
            }
        }
        return nil
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }
}
