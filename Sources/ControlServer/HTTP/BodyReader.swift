import FleetAPI
import Hummingbird
import HummingbirdCore
import NIOCore

/// Reads a body within bounds of size; ``ConnectionGuard`` bounds the time.
enum BodyReader {
    /// - Throws: `too-large`, `request-timeout`.
    static func read(_ body: RequestBody, declared: String?, limit: Int) async throws -> [UInt8] {
        if let declared, let length = Int(declared), length > limit { throw tooLarge(limit) }
        var bytes: [UInt8] = []
        do {
            for try await part in body {
                guard bytes.count + part.readableBytes <= limit else { throw tooLarge(limit) }
                bytes.append(contentsOf: part.readableBytesView)
            }
        } catch let error as BodyTimeout {
            throw APIProblem(.requestTimeout, "the body had \(error.time.nanoseconds / 1_000_000_000) s to arrive")
        }
        return bytes
    }

    private static func tooLarge(_ limit: Int) -> APIProblem {
        APIProblem(.tooLarge, "the body may have \(limit) octets here")
    }
}

/// Ends the body of a request that takes longer than this.
struct BodyTimeout: Error {
    let time: TimeAmount
}
