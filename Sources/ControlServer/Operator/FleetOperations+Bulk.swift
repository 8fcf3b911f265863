import DNSUpdate
package import FleetAPI
import FleetStore
package import Issuance

extension FleetOperations {
    /// Devices that are changed at once: enough for full messages to the primary and full transactions of the store.
    private static let atOnce = 128

    /// Suspends, resumes or removes many, several at a time; the report has them in the order in which they were named. What
    /// fails for one is reported and does not stop the others.
    package func change(_ request: BulkRequest, by requester: Requester) async throws -> BulkReport {
        guard [.suspend, .resume, .remove].contains(request.action) else {
            throw APIProblem(.malformed, "action is none of suspend, resume, remove")
        }
        guard (request.names == nil) != (request.filter == nil) else {
            throw APIProblem(.malformed, "give either names or filter")
        }
        let names: [String] =
            if let names = request.names { names } else { try await self.names(request.filter ?? DeviceSelection()) }
        let outcomes = try await withThrowingTaskGroup(of: (Int, BulkOutcome).self) { group in
            var rest = distinct(names).enumerated().makeIterator()
            func begin() {
                guard let (index, name) = rest.next() else { return }
                group.addTask { (index, try await outcome(name, request, by: requester)) }
            }
            for _ in 0..<Self.atOnce { begin() }
            var outcomes: [(Int, BulkOutcome)] = []
            for try await outcome in group {
                outcomes.append(outcome)
                try Task.checkCancellation()
                begin()
            }
            return outcomes.sorted { $0.0 < $1.0 }
        }
        var report = BulkReport(changed: [])
        for (_, outcome) in outcomes {
            switch outcome {
            case .changed(let name): report.changed.append(name)
            case .failed(let failure): report.failed.append(failure)
            case .asItIs: break
            }
        }
        return report
    }

    /// Without those that name a device a second time, perhaps in another form.
    private func distinct(_ names: [String]) -> [String] {
        var seen: Set<String> = []
        return names.filter { seen.insert((try? services.name($0).description) ?? $0).inserted }
    }

    private enum BulkOutcome: Sendable {
        case changed(String)
        case asItIs
        case failed(BulkReport.Failure)
    }

    private func outcome(
        _ name: String, _ request: BulkRequest, by requester: Requester
    ) async throws -> BulkOutcome {
        do {
            guard let changed = try await change(name, request, by: requester) else { return .asItIs }
            return .changed(changed)
        } catch let error as CancellationError {
            throw error
        } catch let error as FleetStoreError where error.isForWantOfRoom {
            // It will be so for all.
            throw error
        } catch {
            return .failed(BulkReport.Failure(name: name, problem: APIProblem(error).document))
        }
    }

    /// - Returns: the device's name; nil when it is so already.
    private func change(_ text: String, _ request: BulkRequest, by requester: Requester) async throws -> String? {
        let device = try await services.lifecycle.device(services.name(text))
        let goal: Device.State =
            switch request.action {
            case .suspend: .suspended
            case .resume: .active
            default: .removed
            }
        var isParked = false
        if goal == .active, device.state == .active {
            isParked = try await services.store.request(of: device.id)?.parkedAt != nil
        }
        guard device.state != goal || isParked else { return nil }
        if request.dryRun == true {
            if device.state == .removed, let objection = device.objection { throw objection }
            return device.name
        }
        switch goal {
        case .suspended: _ = try await suspend(text, by: requester)
        case .active: _ = try await resume(text, by: requester)
        case .removed: _ = try await remove(text, revoking: request.revoke ?? false, by: requester)
        }
        return device.name
    }

    /// Makes the devices of a file. A line whose name holds records of others is refused, the other lines are not.
    ///
    /// - Parameters:
    ///   - body: CSV or JSON Lines, by `contentType`.
    ///   - dryRun: change nothing, report what would be.
    package func importDevices(
        _ body: [UInt8], contentType: String?, dryRun: Bool, by requester: Requester
    ) async throws -> ImportReport {
        let lines = try ImportFile.read(body, contentType: contentType)
        var report = ImportReport(created: 0, existing: 0)
        var batch: [(line: Int, name: DeviceName, device: NewDevice)] = []
        var seen: Set<String> = []
        func write() async throws {
            let refusals = try await services.publisher.ownership.refusals(of: batch.map(\.name))
            for (line, name, _) in batch {
                guard let refusal = refusals[name] else { continue }
                report.failed.append(ImportReport.Failure(line: line, problem: APIProblem(refusal).document))
            }
            let devices = batch.filter { refusals[$0.name] == nil }.map(\.device)
            let created: Int
            if dryRun {
                var new = 0
                for device in devices where try await services.store.device(named: device.name) == nil { new += 1 }
                created = new
            } else {
                created = try await services.store.addDevices(devices)
            }
            report.created += created
            report.existing += devices.count - created
            batch = []
        }
        for line in lines {
            do {
                let (name, device) = try newDevice(try line.device.get())
                guard seen.insert(device.name).inserted else {
                    throw APIProblem(
                        .malformed, "\(device.name) is in the file twice", hint: "keep one of the two lines")
                }
                batch.append((line.number, name, device))
            } catch {
                report.failed.append(ImportReport.Failure(line: line.number, problem: APIProblem(error).document))
            }
            // In portions, so that other writers get their turn between them.
            if batch.count >= 1_000 { try await write() }
        }
        try await write()
        report.failed.sort { $0.line < $1.line }
        if !dryRun { try await audit("device.import", "fleet", requester, "\(report.created) devices") }
        return report
    }

    /// The addresses become wishes; DNS follows from the list of what is due.
    private func newDevice(_ creation: DeviceCreation) throws -> (DeviceName, NewDevice) {
        guard let text = creation.name else { throw APIProblem(.badName, "the name is missing") }
        let name = try services.name(text)
        let device = NewDevice(
            name: name.description, zone: name.zone.description, tags: try Self.checked(tags: creation.tags ?? []),
            description: try Self.checked(description: creation.description ?? ""),
            addressesWanted: try services.zone(of: name).addresses.check(creation.addresses ?? []).map(\.description))
        return (name, device)
    }
}
