package import FleetAPI

extension CheckInResponse {
    /// What the general encoder makes of it, in a small part of the time.
    package var json: [UInt8] {
        var text = JSONText()
        text.bytes.reserveCapacity(256)
        text.raw("{\"addresses\":[")
        for (index, address) in addresses.enumerated() {
            if index > 0 { text.raw(",") }
            text.string(address)
        }
        text.raw("],\"certificate\":{\"action\":")
        text.string(certificate.action.rawValue)
        if let notAfter = certificate.notAfter {
            text.raw(",\"notAfter\":")
            text.string(notAfter.description)
        }
        if let renewAt = certificate.renewAt {
            text.raw(",\"renewAt\":")
            text.string(renewAt.description)
        }
        text.raw("},\"checkInAfter\":")
        text.raw(String(checkInAfter))
        text.raw(",\"name\":")
        text.string(name)
        text.raw("}")
        return text.bytes
    }
}

/// JSON that is being written.
private struct JSONText {
    var bytes: [UInt8] = []

    mutating func raw(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// RFC 8259 §7.
    mutating func string(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20:
                raw("\\u00" + (byte < 16 ? "0" : "") + String(byte, radix: 16))
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
