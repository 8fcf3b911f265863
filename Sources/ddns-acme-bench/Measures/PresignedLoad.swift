import DNSUpdate
import Glibc

/// Updates that are built and signed before the clock starts, sent over one blocking connection with a window: what the
/// server can do when the client costs nothing.
struct PresignedLoad {
    private let primary: DNSEndpoint
    private let frames: [[UInt8]]

    /// A signature is good for five minutes: run it at once.
    init(zone: DomainName, primary: DNSEndpoint, key: TSIGKey, messages: [[UpdateOperation]]) throws {
        self.primary = primary
        let now = UInt64(time(nil))
        frames = try messages.enumerated().map { index, operations in
            let message = try UpdateMessage(zone: zone, operations: operations).wire(
                id: UInt16(truncatingIfNeeded: index))
            let wire = try TSIGSigner.sign(message, key: key, now: now).wire
            return [UInt8(wire.count >> 8), UInt8(wire.count & 0xFF)] + wire
        }
    }

    /// - Returns: the time until the last answer.
    func run(inFlight: Int) throws -> Duration {
        let socket = try LoopbackSocket(port: primary.port)
        defer { socket.close() }
        let start = ContinuousClock.now
        var sent = 0
        for answered in 0..<frames.count {
            while sent < frames.count, sent - answered < inFlight {
                try socket.write(frames[sent])
                sent += 1
            }
            let length = try socket.read(2)
            let answer = try socket.read(Int(length[0]) << 8 | Int(length[1]))
            guard answer.count >= 12, answer[3] & 0x0F == 0 else {
                throw BenchFailure("an update was answered with code \(answer.count > 3 ? answer[3] & 0x0F : 0)")
            }
        }
        return ContinuousClock.now - start
    }
}
