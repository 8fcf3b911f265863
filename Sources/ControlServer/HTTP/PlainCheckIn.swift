import FleetAPI
import NIOCore
import NIOHTTP1

/// A check-in as programs send it: a short body of known length, one credential, and nothing in its head that asks for more
/// than an answer. Whatever else there is, right or wrong, is for the framework and ``APIResponder``.
struct PlainCheckIn {
    /// Octets of a body; that of a device with 16 addresses and a certificate has 900.
    static let bodyLimit = 2_048

    let head: HTTPRequestHead
    /// The value of `Authorization`.
    let authorization: String
    private(set) var body = ByteBuffer()
    /// When the head was here.
    let start = ContinuousClock.now

    /// Nil when the head says something else.
    init?(_ head: HTTPRequestHead) {
        guard head.method == .POST, head.version == .http1_1, head.uri == Route.checkIn.rawValue, head.isKeepAlive
        else { return nil }
        var authorization: String?
        var length: Int?
        var hasType = false
        for (name, value) in head.headers {
            switch name.utf8.count {
            case 13 where name.isField("authorization"):
                // A second one could be what something in between believed in.
                guard authorization == nil else { return nil }
                authorization = value
            case 14 where name.isField("content-length"):
                guard length == nil, let octets = Int(value), (1...Self.bodyLimit).contains(octets) else { return nil }
                length = octets
            case 12 where name.isField("content-type"):
                guard !hasType, value == MediaType.json else { return nil }
                hasType = true
            case 16 where name.isField("content-encoding"), 17 where name.isField("transfer-encoding"),
                6 where name.isField("expect"):
                return nil
            default: break
            }
        }
        guard let authorization, length != nil else { return nil }
        (self.head, self.authorization) = (head, authorization)
    }

    mutating func append(_ part: ByteBuffer) {
        if body.readableBytes == 0 { body = part } else { body.writeImmutableBuffer(part) }
    }
}

extension String {
    /// Whether it is the name of that field, in whatever case (RFC 9110 §5.1).
    ///
    /// - Parameter name: in lower case, and as long.
    func isField(_ name: StaticString) -> Bool {
        name.withUTF8Buffer { other in
            other.count == utf8.count && zip(utf8, other).allSatisfy { $0 == $1 || ($0 | 0x20 == $1 && $0 >= 0x41) }
        }
    }
}
