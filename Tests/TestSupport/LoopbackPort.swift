import Glibc
import Synchronization

/// Ports of 127.0.0.1 for servers that must know their port before they start, or keep it over a restart.
package enum LoopbackPort {
    private static let reserved = Mutex<Set<UInt16>>([])

    /// A port free for TCP and UDP that no other call in this process gets.
    ///
    /// Taken from below the kernel's ephemeral range (`ip_local_port_range`, from 32768), so that no outgoing
    /// connection can occupy it between now and the server's bind.
    package static func reserve() throws -> Int {
        for _ in 0..<1_000 {
            let port = UInt16.random(in: 12_000..<32_000)
            guard reserved.withLock({ $0.insert(port).inserted }) else { continue }
            if isFree(port, SOCK_STREAM), isFree(port, SOCK_DGRAM) { return Int(port) }
        }
        throw TestFailure("no free port on 127.0.0.1 found in 1000 tries")
    }

    /// Whether somebody accepts TCP connections at this port now.
    package static func accepts(_ port: Int) -> Bool {
        withSocket(SOCK_STREAM, port: UInt16(clamping: port)) { descriptor, address, length in
            connect(descriptor, address, length) == 0
        }
    }

    private static func isFree(_ port: UInt16, _ type: __socket_type) -> Bool {
        withSocket(type, port: port) { descriptor, address, length in
            if type == SOCK_STREAM {
                // Servers set it too; a connection in TIME_WAIT must not look like an occupant.
                var on: Int32 = 1
                setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
            }
            return bind(descriptor, address, length) == 0
        }
    }

    private static func withSocket(
        _ type: __socket_type, port: UInt16, _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Bool
    ) -> Bool {
        let descriptor = socket(AF_INET, Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        // A sockaddr_in by its bytes: with NIO in the same build, the compiler finds the structure's members in NIO's
        // C module as often as in Glibc.
        let rest = [UInt8](repeating: 0, count: 8)
        let bytes = [UInt8(AF_INET), 0, UInt8(port >> 8), UInt8(port & 0xFF), 127, 0, 0, 1] + rest
        return bytes.withUnsafeBytes { buffer in
            guard let address = buffer.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return false }
            return body(descriptor, address, socklen_t(buffer.count))
        }
    }
}
