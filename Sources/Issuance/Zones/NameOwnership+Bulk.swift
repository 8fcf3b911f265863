import DNSUpdate

extension NameOwnership {
    /// Names that are asked for at once.
    private static let atOnce = 100

    /// Which of many names no device may be made of, and why. Nearly all of them will not exist, and one pipelined question
    /// each finds that out. What a primary does not tell is no refusal: each name is looked at again before anything is
    /// published or certified for it.
    ///
    /// - Throws: `CancellationError`, `FleetStoreError`.
    package func refusals(of names: [DeviceName]) async throws -> [DeviceName: IssuanceError] {
        var refusals: [DeviceName: IssuanceError] = [:]
        for (zoneName, names) in Dictionary(grouping: names, by: \.zone) {
            guard let zone = zones.named(zoneName) else { continue }
            let lookup = PipelinedLookup(server: zone.primary, key: zone.key, atOnce: Self.atOnce)
            do {
                // Asks the primary once, and not for each of the first names at once.
                _ = try await zones.reserved.use(of: zone.name, in: zone, lookup: self.lookup)
                try await ask(names, lookup) { refusals[$0] = $1 }
            } catch  where error is LookupFailure || error is UpdateFailure {
                // Nothing is known of the rest.
            } catch {
                await lookup.close()
                throw error
            }
            await lookup.close()
        }
        return refusals
    }

    private func ask(
        _ names: [DeviceName], _ lookup: PipelinedLookup, found: (DeviceName, IssuanceError) -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: (DeviceName, IssuanceError?).self) { group in
            var rest = names[...]
            func begin() {
                guard let name = rest.popFirst() else { return }
                group.addTask { (name, try await refusal(of: name, lookup)) }
            }
            for _ in 0..<Self.atOnce { begin() }
            while let (name, refusal) = try await group.next() {
                if let refusal { found(name, refusal) }
                begin()
            }
        }
    }

    private func refusal(of name: DeviceName, _ lookup: PipelinedLookup) async throws -> IssuanceError? {
        let answer = try await lookup.query(name.domain, .a)
        if answer.outcome == .noName, answer.holdingZone == name.zone, let zone = zones.named(name.zone),
            try await zones.reserved.use(of: name.domain, in: zone, lookup: self.lookup) == nil
        {
            return nil
        }
        do {
            try await requireFree(name)
            return nil
        } catch let error as IssuanceError where error.code == .nameTaken {
            return error
        }
    }
}
