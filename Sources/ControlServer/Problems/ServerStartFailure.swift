import Glibc

/// Why the server cannot be started, or its certificate not be replaced: what the configuration or the machine has to offer
/// something else for.
package struct ServerStartFailure: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is; the set grows without breaking callers.
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        private let name: String
        private init(_ name: String) { self.name = name }
        package var description: String { name }

        /// Something else listens there.
        package static let addressInUse = Code("addressInUse")
        /// The machine or its kernel does not let us listen there.
        package static let addressNotUsable = Code("addressNotUsable")
        /// The certificate or its key is missing, not what it should be, or does not belong to the other.
        package static let certificateNotUsable = Code("certificateNotUsable")
    }

    package let code: Code
    /// What happened, with the evidence.
    package let message: String
    /// What to do about it.
    package let hint: String

    package init(_ code: Code, _ message: String, hint: String) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    /// - Parameters:
    ///   - errno: what the kernel says to the wish to listen.
    ///   - address: as the configuration has it.
    package init(listening address: String, errno: Int32) {
        let reason = String(cString: strerror(errno))
        switch errno {
        case EADDRINUSE:
            self.init(
                .addressInUse, "server.listen: something else listens on \(address)",
                hint: "see what with `ss -ltnp`: is the server running already? Else choose another port")
        case EADDRNOTAVAIL:
            self.init(
                .addressNotUsable, "server.listen: this machine has no address \(address)",
                hint: "see those it has with `ip address`; 0.0.0.0 or [::] stands for all")
        case EACCES, EPERM:
            self.init(
                .addressNotUsable, "server.listen: this user may not listen on \(address): \(reason)",
                hint: "choose a port above 1023, or grant it (AmbientCapabilities=CAP_NET_BIND_SERVICE)")
        default:
            self.init(
                .addressNotUsable, "server.listen: the kernel does not let us listen on \(address): \(reason)",
                hint: "correct server.listen")
        }
    }

    package var description: String { "\(message) (\(hint))" }
}
