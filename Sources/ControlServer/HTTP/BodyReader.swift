import FleetAPI
import Hummingbird
import HummingbirdCore
import NIOCore

/// Reads a body within bounds of size and time.
enum BodyReader {
    /// - Throws: `too-large`, `request-timeout`.
    static func read(
        _ body: RequestBody, declared: String?, limit: Int, timeout: Duration
    ) async throws -> [UInt8] {
        if let declared, let length = Int(declared), length > limit { throw tooLarge(limit) }
        return try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
            group.addTask {
                var bytes: [UInt8] = []
                for try await part in body {
                    guard bytes.count + part.readableBytes <= limit else { throw tooLarge(limit) }
                    bytes.append(contentsOf: part.readableBytesView)
                }
                return bytes
            }
            group.addTask {
                try await Task.sleep(for: timeout)
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let bytes = first else {
                throw APIProblem(.requestTimeout, "the body had \(timeout.components.seconds) s to arrive")
            }
            return bytes
        }
    }

    private static func tooLarge(_ limit: Int) -> APIProblem {
        APIProblem(.tooLarge, "the body may have \(limit) octets here")
    }
}
