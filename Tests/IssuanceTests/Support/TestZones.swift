import DNSUpdate
import FleetStore
import TestSupport

@testable import Issuance

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What most tests use.
enum Fixture {
    static let zone = "devices.example.com"

    /// Lends a store to `body`.
    static func withStore<Result>(_ body: (SQLiteFleetStore, TemporaryDirectory) async throws -> Result) async throws
        -> Result
    {
        try await TemporaryDirectory.with { folder in
            let store = try await SQLiteFleetStore.open(directory: folder.path("state"))
            do {
                let result = try await body(store, folder)
                try store.close()
                return result
            } catch {
                try? store.close()
                throw error
            }
        }
    }
}

extension ManagedZone {
    /// A zone whose primary and, unless told otherwise, only server is at a port of 127.0.0.1.
    static func test(
        _ name: String = Fixture.zone, port: Int, key: TestTSIGKey, servers: [Int]? = nil
    ) throws -> ManagedZone {
        try ManagedZone(
            name: DomainName(name), primaries: [.loopback(port)], key: TSIGKey(key), ttl: 60,
            nameServers: (servers ?? [port]).map(DNSEndpoint.loopback),
            addresses: AddressPolicy(allowed: [try IPPrefix("10.0.0.0/8"), try IPPrefix("fc00::/7")]))
    }
}

extension DNSEndpoint {
    static func loopback(_ port: Int) -> DNSEndpoint {
        DNSEndpoint(.v4(IPv4Address(rawValue: 0x7F00_0001)), port: UInt16(clamping: port))
    }
}

extension TSIGKey {
    /// Only for the algorithm that tests use by default.
    init(_ key: TestTSIGKey) throws {
        guard key.algorithm == "hmac-sha256", let secret = Data(base64Encoded: key.secret) else {
            throw TestFailure("\(key.algorithm) is not supported here")
        }
        try self.init(name: DomainName(key.name), algorithm: .hmacSHA256, secret: Array(secret))
    }
}

extension FaultProxy.Passing {
    /// RFC 2136 §2.2: opcode 5.
    var isUpdate: Bool { message.count > 2 && message[2] >> 3 & 0xF == 5 }
    /// An update with at least one change (RFC 2136 §2.2: UPCOUNT).
    var isChange: Bool { isUpdate && message.count > 9 && (message[8] != 0 || message[9] != 0) }
}
