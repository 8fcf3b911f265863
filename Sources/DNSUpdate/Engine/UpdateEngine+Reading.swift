extension UpdateEngine {
    /// For each change, whether the server that it was sent to holds it; nil where that cannot be seen.
    func read(_ changes: [ZoneChange], at server: DNSEndpoint?) async -> [Bool?] {
        var holds = [Bool?](repeating: nil, count: changes.count)
        // A server that does not answer one question is not asked a hundred.
        guard let server = server ?? primary, let first = changes.first,
            let isHeld = await self.holds(first, server)
        else { return holds }
        holds[0] = isHeld
        await withTaskGroup(of: (Int, Bool?).self) { group in
            var next = 1
            func begin() {
                guard next < changes.count else { return }
                let (index, change) = (next, changes[next])
                next += 1
                group.addTask { (index, await self.holds(change, server)) }
            }
            for _ in 0..<settings.readsAtOnce { begin() }
            for await (index, isHeld) in group {
                holds[index] = isHeld
                begin()
            }
        }
        return holds
    }

    private func holds(_ change: ZoneChange, _ server: DNSEndpoint) async -> Bool? {
        let types = Set((change.added + change.removed).map(\.type))
        guard let present = await records(at: change.name, types, server) else { return nil }
        return present.isSuperset(of: change.added) && present.isDisjoint(with: change.removed)
    }

    /// What undoes the late application of an abandoned update, if there was one.
    func correction(of doubt: EngineDoubts.Doubt, at name: DomainName) async -> ZoneChange? {
        guard let server = primary,
            let present = await records(at: name, Set(doubt.latest.keys.map(\.type)), server)
        else { return nil }
        var (adding, removing): ([RecordData], [RecordData]) = ([], [])
        for (record, isWanted) in doubt.latest where doubt.abandoned[record] == !isWanted {
            if present.contains(record), !isWanted { removing.append(record) }
            if !present.contains(record), isWanted { adding.append(record) }
        }
        guard !adding.isEmpty || !removing.isEmpty else { return nil }
        return .values(at: name, adding: adding, removing: removing, ttl: doubt.ttl, isUrgent: true)
    }

    /// The records of these types that a server holds at a name; nil when it does not say.
    private func records(
        at name: DomainName, _ types: Set<RecordType>, _ server: DNSEndpoint
    ) async -> Set<RecordData>? {
        var present: Set<RecordData> = []
        for type in types {
            let answer = try? await lookup.query(name, type, at: server, key: acceptedKey, cancellation: .ignored)
            guard let answer else { return nil }
            switch answer.outcome {
            case .records(let records): present.formUnion(answer.aliases.isEmpty ? records : [])
            case .noData, .noName, .alias: continue
            case .delegated, .failed: return nil
            }
        }
        return present
    }
}
