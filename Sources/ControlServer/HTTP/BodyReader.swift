import FleetAPI
import Hummingbird
import HummingbirdCore
import NIOCore
import NIOHTTP1

/// Reads a body within bounds of size; ``ConnectionGuard`` bounds the time.
enum BodyReader {
    /// - Parameter wanted: called before the first octet is waited for, unless the body is known to be too large.
    /// - Throws: `too-large`, `request-timeout`, ``AbortedRequest``.
    static func read(
        _ body: RequestBody, declared: String?, limit: Int, wanted: () -> Void = {}
    ) async throws -> [UInt8] {
        // A length that is no number of ours is one that is too large: HTTP's parser has seen that it is a number.
        if let declared, Int(declared).map({ $0 > limit }) ?? true { throw tooLarge(limit) }
        wanted()
        var bytes: [UInt8] = []
        var iterator = body.makeAsyncIterator()
        while let part = try await next(&iterator) {
            guard bytes.count + part.readableBytes <= limit else { throw tooLarge(limit) }
            bytes.append(contentsOf: part.readableBytesView)
        }
        return bytes
    }

    private static func next(_ iterator: inout RequestBody.AsyncIterator) async throws -> ByteBuffer? {
        do {
            return try await iterator.next()
        } catch let error as BodyTimeout {
            throw APIProblem(.requestTimeout, "the body had \(error.time.nanoseconds / 1_000_000_000) s to arrive")
        } catch let error as HTTPParserError {
            throw error
        } catch let error as CancellationError {
            throw error
        } catch {
            // Nothing else can go wrong between the socket and here than the connection.
            throw AbortedRequest(cause: error)
        }
    }

    private static func tooLarge(_ limit: Int) -> APIProblem {
        APIProblem(.tooLarge, "the body may have \(limit) octets here")
    }
}

/// Ends the body of a request that takes longer than this.
struct BodyTimeout: Error {
    let time: TimeAmount
}

/// The client has gone in the middle of its request: nobody is there for an answer, and nothing is wrong here.
struct AbortedRequest: Error {
    let cause: any Error
}
