import DNSUpdate
import TestSupport

extension Devices {
    /// An engine for the zone whose messages go to `endpoint`, by default straight to the server.
    func engine(
        at endpoint: DNSEndpoint? = nil, timeout: Duration = .seconds(10),
        _ change: (inout UpdateEngine.Settings) -> Void = { _ in }
    ) -> UpdateEngine {
        var settings = UpdateEngine.Settings()
        change(&settings)
        return UpdateEngine(client: client(at: endpoint) { $0.timeout = timeout }, settings: settings)
    }

    /// The wish that a device has this address and none of `stale`.
    func state(
        _ label: String, _ host: UInt8 = 1, stale: [UInt8] = [], isNew: Bool = false, isUrgent: Bool = false
    ) throws -> ZoneChange {
        let name = try name(label)
        return .state(
            of: name, wanted: [.a(IPv4Address(10, 0, 0, host))], stale: stale.map { .a(IPv4Address(10, 0, 0, $0)) },
            ttl: 60, prerequisites: isNew ? [.nameNotInUse(name)] : [], isUrgent: isUrgent)
    }

    /// A challenge at a name.
    func challenge(_ label: String, _ value: String = "token") throws -> ZoneChange {
        .values(at: try name(label), adding: [.txt(TextData(value))], ttl: 60, isUrgent: true)
    }

    /// The addresses in the zone, by the name's first label.
    func addresses() async throws -> [String: Set<String>] {
        var found: [String: Set<String>] = [:]
        for line in try await named.transfer(Self.zoneText) {
            let fields = line.split(separator: "\t").flatMap { $0.split(separator: " ") }.map(String.init)
            guard fields.count == 5, fields[3] == "A", !line.hasPrefix("ns.") else { continue }
            found[String(fields[0].prefix { $0 != "." }), default: []].insert(fields[4])
        }
        return found
    }
}

extension UpdateEngine {
    /// Submits all at once; the endings in the order of the changes.
    func endings(of changes: [ZoneChange]) async -> [Result<UpdateOutcome, UpdateFailure>] {
        await withTaskGroup(of: (Int, Result<UpdateOutcome, UpdateFailure>).self) { group in
            for (index, change) in changes.enumerated() {
                group.addTask {
                    do throws(UpdateFailure) {
                        return (index, .success(try await self.submit(change)))
                    } catch {
                        return (index, .failure(error))
                    }
                }
            }
            var endings: [Int: Result<UpdateOutcome, UpdateFailure>] = [:]
            for await (index, ending) in group { endings[index] = ending }
            return changes.indices.compactMap { endings[$0] }
        }
    }

    /// Waits until that many changes wait or are under way.
    func waitForPending(_ count: Int) async throws {
        try await poll("\(count) pending changes") { self.pending == count ? true : nil }
    }
}

extension Result<UpdateOutcome, UpdateFailure> {
    var isCommitted: Bool {
        guard case .success(let outcome) = self else { return false }
        return outcome != .superseded
    }

    var failure: UpdateFailure? {
        guard case .failure(let failure) = self else { return nil }
        return failure
    }
}

extension FaultProxy.Passing {
    /// RFC 2136 §2.2: opcode 5, from the client, over TCP.
    var isUpdate: Bool { direction == .toServer && transport == .tcp && message.count >= 12 && message[2] >> 3 == 5 }
    /// RFC 2136 §2.2: UPCOUNT.
    var changeCount: Int { Int(message[8]) << 8 | Int(message[9]) }
}

extension FaultProxy {
    /// How many changes each update carried, in the order in which they came.
    var changeCounts: [Int] { messages.filter(\.isUpdate).map(\.changeCount) }
}

/// Holds the first message of a direction back until the test says so.
struct FirstMessageGate: Sendable {
    private let isOpen = Watched(false)
    let direction: FaultProxy.Direction

    init(_ direction: FaultProxy.Direction) { self.direction = direction }

    func open() { isOpen.update { $0 = true } }

    var script: FaultProxy.Script {
        { [isOpen, direction] passing in
            if passing.transport == .tcp, passing.direction == direction, passing.number == 1 {
                _ = try? await isOpen.wait(for: "the test") { $0 ? true : nil }
            }
            return [.pass]
        }
    }
}
