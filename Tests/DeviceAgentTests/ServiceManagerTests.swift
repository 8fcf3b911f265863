import DeviceHost
import Foundation
import Glibc
import TestSupport
import Testing

@Suite("The service manager")
struct ServiceManagerTests {
    /// A datagram socket as systemd's, in the abstract namespace or at a path.
    final class Listener: Sendable {
        let descriptor: Int32
        let name: String

        init(_ name: String) throws {
            self.name = name
            var path = Array(name.utf8)
            if name.hasPrefix("@") { path[0] = 0 } else { path.append(0) }
            let address = [UInt8(AF_UNIX), 0] + path
            descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            let bound = address.withUnsafeBytes { buffer in
                buffer.baseAddress.map {
                    bind(descriptor, $0.assumingMemoryBound(to: sockaddr.self), socklen_t(buffer.count))
                }
            }
            guard bound == 0 else { throw TestFailure("bind \(name): \(String(cString: strerror(errno)))") }
        }

        deinit { close(descriptor) }

        /// The next message; nil when there is none.
        func message() -> String? {
            var buffer = [UInt8](repeating: 0, count: 4_096)
            let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            return count >= 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
        }
    }

    @Test("sd_notify(3): states go to the socket, at a path or in the abstract namespace", arguments: [true, false])
    func notifies(isAbstract: Bool) async throws {
        try await TemporaryDirectory.with { directory in
            let listener = try Listener(isAbstract ? "@" + directory.path : directory.path("notify"))
            let manager = try #require(ServiceManager(environment: ["NOTIFY_SOCKET": listener.name]))
            manager.ready()
            manager.status("two\nlines")
            manager.alive()
            manager.stopping()
            #expect(listener.message() == "READY=1")
            #expect(listener.message() == "STATUS=two lines")
            #expect(listener.message() == "WATCHDOG=1")
            #expect(listener.message() == "STOPPING=1")
            #expect(listener.message() == nil)
        }
    }

    @Test("Without a socket there is no manager; a manager that went away does no harm")
    func absent() throws {
        for value in [nil, "", "relative", "@", "/" + String(repeating: "x", count: 200)] {
            #expect(ServiceManager(environment: value.map { ["NOTIFY_SOCKET": $0] } ?? [:]) == nil)
        }
        try #require(ServiceManager(environment: ["NOTIFY_SOCKET": "/nonexistent/socket"])).ready()
    }

    @Test(
        "sd_watchdog_enabled(3): half the interval, if it is meant for this process",
        arguments: [
            ("30000000", nil, 15), ("30000000", "77", 15), ("30000000", "78", nil), ("0", nil, nil), ("x", nil, nil),
            (nil, nil, nil),
        ] as [(String?, String?, Int?)])
    func watchdog(interval: String?, process: String?, seconds: Int?) throws {
        var environment = ["NOTIFY_SOCKET": "/run/x"]
        environment["WATCHDOG_USEC"] = interval
        environment["WATCHDOG_PID"] = process
        let manager = try #require(ServiceManager(environment: environment, processID: 77))
        #expect(manager.watchdogInterval == seconds.map { .seconds($0) })
    }

    @Test("A lock is held by one, and let go when its holder does")
    func lock() async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.path("lock")
            func isFree() throws -> Bool {
                if let lock = try FileLock.acquire(path) {
                    lock.release()
                    return true
                }
                return false
            }
            if let first = try FileLock.acquire(path) {
                #expect(try !isFree())
                first.release()
            }
            #expect(try isFree())
            #expect(throws: FileLockFailure.self) { _ = try FileLock.acquire(directory.path("no/lock")) }
        }
    }
}
