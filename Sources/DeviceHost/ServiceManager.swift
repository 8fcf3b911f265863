import Glibc

/// Tells systemd how the service is, as sd_notify(3) does: datagrams to the socket named in `NOTIFY_SOCKET`.
package struct ServiceManager: Sendable {
    private let address: [UInt8]
    /// How often the watchdog must hear of the service, half of what the unit allows (sd_watchdog_enabled(3)); nil when
    /// it does not ask for that.
    package let watchdogInterval: Duration?

    /// Nil when the process was not started by a service manager that listens.
    package init?(environment: [String: String], processID: Int32 = getpid()) {
        guard let path = environment["NOTIFY_SOCKET"], path.hasPrefix("/") || path.hasPrefix("@"),
            path.utf8.count > 1, path.utf8.count < 108, !path.utf8.contains(0)
        else { return nil }
        var name = Array(path.utf8)
        // unix(7): a NUL in front makes a name of the abstract namespace.
        if name[0] == UInt8(ascii: "@") { name[0] = 0 } else { name.append(0) }
        // A sockaddr_un: the family in the machine's order, then the path.
        address = withUnsafeBytes(of: UInt16(AF_UNIX)) { Array($0) } + name
        let isMeant = environment["WATCHDOG_PID"].map { Int32($0) == processID } ?? true
        watchdogInterval = environment["WATCHDOG_USEC"].flatMap { Int64($0) }
            .flatMap { isMeant && $0 > 0 ? .microseconds($0 / 2) : nil }
    }

    /// The service is up.
    package func ready() { send("READY=1") }
    /// The service is alive.
    package func alive() { send("WATCHDOG=1") }
    /// The service has begun to end.
    package func stopping() { send("STOPPING=1") }
    /// One line for `systemctl status`.
    package func status(_ text: String) {
        send("STATUS=" + text.split(whereSeparator: \.isNewline).joined(separator: " "))
    }

    /// Best effort: a service does not end because nobody hears of it.
    private func send(_ text: String) {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let message = Array(text.utf8)
        address.withUnsafeBytes { buffer in
            guard let target = buffer.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return }
            _ = sendto(
                descriptor, message, message.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT), target,
                socklen_t(buffer.count))
        }
    }
}
