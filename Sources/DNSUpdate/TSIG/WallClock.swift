#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Where the time for signatures comes from: seconds since 1970-01-01T00:00:00Z, as TSIG counts them (RFC 8945 §4.2).
package struct WallClock: Sendable {
    private let read: @Sendable () -> UInt64

    package init(_ read: @escaping @Sendable () -> UInt64) {
        self.read = read
    }

    /// Whole seconds since the epoch.
    package var now: UInt64 { read() }

    /// The system's real-time clock.
    package static let system = WallClock { UInt64(max(time(nil), 0)) }

    /// This clock, running ahead (or behind, if negative) by some seconds.
    package func offset(by seconds: Int64) -> WallClock {
        WallClock { UInt64(max(Int64(clamping: read()) + seconds, 0)) }
    }
}
