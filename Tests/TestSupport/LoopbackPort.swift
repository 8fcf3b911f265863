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
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
