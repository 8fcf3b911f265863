import DNSUpdate
package import FleetStore
package import FoundationEssentials

/// What happens to a device between its enrollment and its end. Each change is in the store and in the audit log before DNS
/// is touched; when DNS cannot be reached the change stands and the error says so, and `publishWaiting` makes it good.
package struct DeviceLifecycle: Sendable {
    private let store: any FleetStore
    private let zones: ManagedZones
    private let publisher: AddressPublisher
    private let now: @Sendable () -> Date
    private let backoff: PublicationBackoff

    package init(
        store: any FleetStore, zones: ManagedZones, now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.now = now
        self.store = store
        self.zones = zones
        publisher = AddressPublisher(zones: zones, store: store)
        backoff = PublicationBackoff(store: store)
    }

    /// Takes the name out of DNS and stops renewals.
    ///
    /// - Throws: `unknownDevice`, `stateForbids` for a removed device, what DNS answers.
    package func suspend(_ name: DeviceName, by requester: Requester) async throws -> Device {
        try await change(name, to: .suspended, action: "suspend", by: requester)
    }

    /// Brings a suspended device back, and tries again for a parked one.
    package func resume(_ name: DeviceName, by requester: Requester) async throws -> Device {
        let device = try await self.device(name)
        if device.state != .removed, try await store.request(of: device.id)?.parkedAt != nil {
            _ = try await store.scheduleRequest(of: device.id, at: now())
            try await store.appendAudit(
                NewAuditEntry(
                    actor: requester.actor, action: "unpark", subject: device.name, origin: requester.origin))
        }
        return try await change(name, to: .active, action: "resume", by: requester)
    }

    /// Ends a device. Its name is not handed out again for a while.
    package func remove(_ name: DeviceName, by requester: Requester) async throws -> Device {
        try await change(name, to: .removed, action: "remove", by: requester)
    }

    /// The device of that name.
    ///
    /// - Throws: `unknownDevice`.
    package func device(_ name: DeviceName) async throws -> Device {
        guard let device = try await store.device(named: name.description) else {
            throw IssuanceError(
                .unknownDevice, "there is no device \(name)", hints: ["ddns-acme device list shows those there are"])
        }
        return device
    }

    /// Brings DNS to what the store says, for the devices of all zones where the two differ: after a crash, after an outage.
    ///
    /// A device that fails for a reason of its own waits longer each time, up to an hour; the others are not kept waiting.
    ///
    /// - Parameter failed: called for each device that could not be brought there now.
    package func publishWaiting(failed: @Sendable @escaping (Device, any Error) -> Void) async throws {
        for zone in zones.all {
            try await publishWaiting(in: zone, failed: failed)
            // What a server did late with an update that had been given up is undone; a server that is away now is asked
            // the next time.
            _ = try? await zone.engine.settleDoubts()
        }
    }

    /// After so many SERVFAILs without anything that was taken, it is the primary that fails.
    private static let serverFailureLimit = 5
    /// So many at once that the zone's engine has full messages to send.
    private static let atOnce = 300

    private func publishWaiting(
        in zone: ManagedZone, failed: @Sendable @escaping (Device, any Error) -> Void
    ) async throws {
        let waiting = try await store.devicesAwaitingPublication(
            zone: zone.name.description, limit: 10_000 + backoff.count())
        let devices = backoff.due(waiting, at: now())
        try await withThrowingTaskGroup(of: (Device, (any Error)?).self) { group in
            var rest = devices[...]
            var isAnswering = true
            var serverFailures: Int? = 0
            func begin() {
                guard isAnswering, let device = rest.popFirst() else { return }
                group.addTask { (device, try await failure(toPublish: device)) }
            }
            for _ in 0..<Self.atOnce { begin() }
            while let (device, failure) = try await group.next() {
                guard let failure else {
                    try await backoff.succeeded(device.id)
                    serverFailures = nil
                    begin()
                    continue
                }
                // A primary that does not answer one will not answer the next one, and it is enough to say so once.
                let concernsPrimary = Self.concernsPrimary(failure)
                if isAnswering || !concernsPrimary { failed(device, failure) }
                if concernsPrimary { isAnswering = false } else { try await backoff.failed(device.id, at: now()) }
                if Self.isServerFailure(failure), let count = serverFailures {
                    serverFailures = count + 1
                    if count + 1 >= Self.serverFailureLimit { isAnswering = false }
                }
                begin()
            }
        }
    }

    private static func concernsPrimary(_ failure: any Error) -> Bool {
        // What is said of one update says nothing of the next one (RFC 2136 §2.2).
        let ofContent: [UpdateFailure.Code] = [
            .refused, .servFail, .formErr, .notZone, .nxDomain, .yxDomain, .nxRRset, .yxRRset, .otherResponseCode,
            .messageTooLarge, .invalidMessage,
        ]
        if let failure = failure as? UpdateFailure { return !ofContent.contains(failure.code) }
        if let failure = failure as? LookupFailure {
            return ![.serverFailure, .aliasLoop, .invalidQuestion].contains(failure.code)
        }
        return false
    }

    private static func isServerFailure(_ failure: any Error) -> Bool {
        (failure as? UpdateFailure)?.code == .servFail || (failure as? LookupFailure)?.code == .serverFailure
    }

    private func failure(toPublish device: Device) async throws -> (any Error)? {
        do {
            try await publish(device)
            return nil
        } catch let error as CancellationError {
            throw error
        } catch {
            return error
        }
    }

    private func change(
        _ name: DeviceName, to state: Device.State, action: String, by requester: Requester
    ) async throws -> Device {
        try refuseServer(name, state)
        let before = try await device(name)
        if before.state == .removed, state != .removed, let objection = before.objection { throw objection }
        if before.state != state {
            _ = try await store.updateDevice(before.id, DeviceChange(state: state))
            try await store.appendAudit(
                NewAuditEntry(
                    actor: requester.actor, action: action, subject: before.name, origin: requester.origin))
        }
        try await publish(before)
        if state != .active { try await withdrawStanding(of: before) }
        return try await device(name)
    }

    /// Its name taken out of DNS, or its certificate ended, the server would be lost to the whole fleet.
    private func refuseServer(_ name: DeviceName, _ state: Device.State) throws(IssuanceError) {
        guard state != .active, zones.isServer(name.description) else { return }
        throw IssuanceError(
            .stateForbids, "\(name) is the control server's own name",
            hints: ["give the server another one first: server.name in the configuration"])
    }

    /// A record that lets our account certify the name at any time goes with the device.
    private func withdrawStanding(of device: Device) async throws {
        let entries = try await store.challenges(of: device.id).filter {
            $0.state == .standing || $0.state == .withdrawing
        }
        guard !entries.isEmpty else { return }
        let remaining = await ChallengeWithdrawal(store: store, zones: zones, patience: .brief).withdraw(entries)
        guard !remaining.isEmpty else { return }
        throw IssuanceError(
            .publication, remaining.joined(separator: "; "),
            hints: ["run the command again once the primary can be reached"], isTemporary: true)
    }

    private func publish(_ device: Device) async throws {
        try await publisher.synchronize(device, name: DeviceName(device.name, zones: zones.names))
    }
}
