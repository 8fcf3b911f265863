import ControlServer
import DNSUpdate
import FleetStore
import FoundationEssentials

/// What operators, monitoring and the server's own rounds ask of the store, by the number of devices in it.
struct StoreQueries {
    private let bench: Bench

    init(_ bench: Bench) {
        self.bench = bench
    }

    private struct Query {
        let name: String
        /// How many there should be at least, so that an empty answer is not measured by mistake.
        let atLeast: Int
        let ask: (SQLiteFleetStore, _ random: Int) async throws -> Int

        init(_ name: String, atLeast: Int = 1, ask: @escaping (SQLiteFleetStore, Int) async throws -> Int) {
            self.name = name
            self.atLeast = atLeast
            self.ask = ask
        }
    }

    func run() async throws {
        for count in bench.size.fleets {
            // Not the fleet of the other measures: nobody has to publish a million names for this.
            let state = "\(bench.folder)/asked-\(count)"
            bench.progress.show("making \(Figure.text(Double(count))) devices")
            try await FleetFile.fill(state, zone: bench.zone.description, count: count)
            let store = try await SQLiteFleetStore.open(directory: state)
            let queries = queries(count)
            var generator = SplitMix64(state: UInt64(count))
            for query in queries {
                bench.progress.show("\(query.name), \(Figure.text(Double(count))) devices")
                for _ in 1...bench.size.rounds {
                    var times: [Double] = []
                    for _ in 1...bench.size.queries {
                        let random = Int(generator.next() % UInt64(count))
                        let start = ContinuousClock.now
                        let found = try await query.ask(store, random)
                        times.append((ContinuousClock.now - start).inMilliseconds)
                        guard found >= query.atLeast else { throw BenchFailure("\(query.name) found \(found)") }
                    }
                    bench.record(.queries, query.name, "ms", scale: count, Figure.quantile(times, 0.5))
                }
            }
            try store.close()
            try FileManager.default.removeItem(atPath: state)
        }
        bench.note(
            .queries,
            "In the process that asks, without HTTP; the median of \(bench.size.queries) each time, with another device each "
                + "time. Each device has an address, a credential and a certificate, one in a hundred has a tag.")
    }

    private func queries(_ count: Int) -> [Query] {
        let zone = bench.zone.description
        func name(_ index: Int) -> String { "\(FleetFile.label(index)).\(zone)" }
        let page = min(100, count / 2)
        return [
            Query("a page of 100 devices, anywhere in the list") { store, random in
                try await store.devices(DeviceFilter(), after: name(random), limit: 100).items.count + 1
            },
            Query("the first page of active ones in a zone", atLeast: page) { store, _ in
                try await store.devices(DeviceFilter(zone: zone, state: .active), after: nil, limit: 100).items.count
            },
            Query("the suspended ones, of which there are none", atLeast: 0) { store, _ in
                try await store.devices(DeviceFilter(state: .suspended), after: nil, limit: 100).items.count
            },
            Query("those with a tag") { store, _ in
                try await store.devices(DeviceFilter(tag: FleetFile.tag), after: nil, limit: 100).items.count
            },
            Query("those whose names begin alike") { store, random in
                try await store.devices(DeviceFilter(namePrefix: FleetFile.label(random)), after: nil, limit: 100)
                    .items.count
            },
            Query("a device, its certificate and its request") { store, random in
                guard let device = try await store.device(named: name(random)) else { return 0 }
                _ = try await store.request(of: device.id)
                return try await store.currentCertificate(of: device.id) == nil ? 0 : 1
            },
            Query("renewals that are due", atLeast: 0) { store, _ in
                try await store.certificatesDue(at: Date(), limit: 1_000).count
            },
            Query("renewal windows to be asked for", atLeast: 0) { store, _ in
                try await store.certificatesToPoll(at: Date(), limit: 1_000).count
            },
            Query("certificate requests that are due", atLeast: 0) { store, _ in
                try await store.requestsDue(at: Date(), limit: 1_000).count
            },
            Query("addresses that are to be published", atLeast: 0) { store, _ in
                try await store.devicesAwaitingPublication(zone: zone, limit: 10_000).count
            },
            Query("what has changed since the last check-in", atLeast: 0) { store, _ in
                try await store.standings(since: try await store.standingVersion()).standings.count
            },
            Query("the counts that monitoring reads", atLeast: count) { store, _ in
                try await store.census(at: Date()).devices[.active] ?? 0
            },
            Query("noting that 1,000 devices were seen") { store, random in
                let ids = (0..<min(1_000, count)).map { Device.ID(rawValue: Int64((random + $0 * 61) % count + 1)) }
                try await store.recordSightings(Dictionary(ids.map { ($0, Date()) }) { first, _ in first })
                return 1
            },
        ]
    }
}
