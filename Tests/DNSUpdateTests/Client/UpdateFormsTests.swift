import DNSUpdate
import TestSupport
import Testing

/// What BIND's zone holds after each form of RFC 2136 §2.5, and each prerequisite of §2.4 holding and failing.
@Suite("RFC 2136 against BIND")
struct UpdateFormsTests {
    private static let records = """
        dev1 IN A 10.0.0.1
        dev1 IN A 10.0.0.2
        dev1 IN TXT "kept"
        alias IN CNAME dev1
        """

    private struct Form: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let operation: @Sendable (DomainName) throws -> UpdateOperation
        /// A and TXT records of dev1 afterwards.
        let addresses: [String]
        let texts: [String]
    }

    private static let forms: [Form] = [
        Form(
            testDescription: "§2.5.1 add to an RRset",
            operation: { .add($0, ttl: 60, .a(IPv4Address(10, 0, 0, 3))) },
            addresses: ["10.0.0.1", "10.0.0.2", "10.0.0.3"], texts: ["\"kept\""]),
        Form(
            testDescription: "§2.5.1 a TXT value with quotes, a backslash and 300 octets",
            operation: { .add($0, ttl: 60, .txt(TextData("\"\\" + String(repeating: "x", count: 298)))) },
            addresses: ["10.0.0.1", "10.0.0.2"],
            texts: [
                "\"\\\"\\\\\(String(repeating: "x", count: 253))\" \"\(String(repeating: "x", count: 45))\"",
                "\"kept\"",
            ]),
        Form(
            testDescription: "§2.5.2 delete an RRset", operation: { .deleteRRset($0, .a) }, addresses: [],
            texts: ["\"kept\""]),
        Form(testDescription: "§2.5.3 delete a name", operation: { .deleteName($0) }, addresses: [], texts: []),
        Form(
            testDescription: "§2.5.4 delete one record",
            operation: { .deleteRecord($0, .a(IPv4Address(10, 0, 0, 1))) },
            addresses: ["10.0.0.2"], texts: ["\"kept\""]),
    ]

    @Test("Update forms are applied as they say", arguments: forms)
    private func form(_ form: Form) async throws {
        try await Devices.with(records: Self.records) { devices in
            let client = devices.client()
            let acknowledgement = try await client.send(devices.update(try form.operation(devices.name("dev1"))))
            #expect(acknowledgement.server == devices.named.endpoint)
            #expect(try await devices.named.values("dev1.devices.example.com", "A") == form.addresses)
            #expect(try await devices.named.values("dev1.devices.example.com", "TXT") == form.texts)
            await client.close()
        }
    }

    private struct Condition: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let holds: @Sendable (Devices) throws -> Prerequisite
        let fails: @Sendable (Devices) throws -> Prerequisite
        let code: UpdateFailure.Code
    }

    private static let conditions: [Condition] = [
        Condition(
            testDescription: "§2.4.1 RRset exists", holds: { .rrsetExists(try $0.name("dev1"), .a) },
            fails: { .rrsetExists(try $0.name("dev1"), .aaaa) }, code: .nxRRset),
        Condition(
            testDescription: "§2.4.2 RRset equals",
            holds: {
                .rrsetEquals(try $0.name("dev1"), [.a(IPv4Address(10, 0, 0, 2)), .a(IPv4Address(10, 0, 0, 1))])
            },
            fails: { .rrsetEquals(try $0.name("dev1"), [.a(IPv4Address(10, 0, 0, 2))]) }, code: .nxRRset),
        Condition(
            testDescription: "§2.4.3 RRset absent", holds: { .rrsetAbsent(try $0.name("dev1"), .aaaa) },
            fails: { .rrsetAbsent(try $0.name("dev1"), .txt) }, code: .yxRRset),
        Condition(
            testDescription: "§2.4.4 name in use", holds: { .nameInUse(try $0.name("dev1")) },
            fails: { .nameInUse(try $0.name("dev2")) }, code: .nxDomain),
        Condition(
            testDescription: "§2.4.5 name not in use", holds: { .nameNotInUse(try $0.name("dev2")) },
            fails: { .nameNotInUse(try $0.name("dev1")) }, code: .yxDomain),
    ]

    @Test("A prerequisite that holds lets the update through; one that fails changes nothing", arguments: conditions)
    private func prerequisite(_ condition: Condition) async throws {
        try await Devices.with(records: Self.records) { devices in
            let client = devices.client()
            let add = UpdateOperation.add(try devices.name("new"), ttl: 60, .a(IPv4Address(10, 0, 0, 9)))
            let failure = try await client.failure(
                of: devices.update(add, prerequisites: [try condition.holds(devices), try condition.fails(devices)]))
            #expect(failure.code == condition.code)
            #expect(failure.isFailedPrerequisite)
            #expect(!failure.mayHaveBeenApplied)
            #expect(try await devices.named.values("new.devices.example.com", "A") == [])

            try await client.send(devices.update(add, prerequisites: [try condition.holds(devices)]))
            #expect(try await devices.named.values("new.devices.example.com", "A") == ["10.0.0.9"])
            await client.close()
        }
    }

    @Test("RFC 2136 §2.5.4: a TXT value is withdrawn by value, another client's at the same name stays")
    func deleteByValue() async throws {
        try await Devices.with { devices in
            let name = try devices.name("_acme-challenge.dev1")
            let client = devices.client()
            try await client.send(devices.update(.add(name, ttl: 60, .txt(TextData("ours")))))
            try await client.send(devices.update(.add(name, ttl: 60, .txt(TextData("theirs")))))
            try await client.send(devices.update(.deleteRecord(name, .txt(TextData("ours")))))
            #expect(try await devices.named.values("\(name)", "TXT") == ["\"theirs\""])
            await client.close()
        }
    }

    @Test("An empty update is acknowledged and leaves the serial alone")
    func probe() async throws {
        try await Devices.with { devices in
            let client = devices.client()
            let before = try await devices.named.serial(Devices.zoneText)
            try await client.probe()
            #expect(try await devices.named.serial(Devices.zoneText) == before)
            await client.close()
        }
    }

    @Test("Many updates share one connection, and each gets its own answer")
    func pipelining() async throws {
        try await Devices.with(records: Self.records) { devices in
            try await FaultProxy.with(serverPort: devices.named.port) { proxy in
                let client = devices.client(at: proxy.endpoint)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<60 {
                        group.addTask {
                            // Every third fails its prerequisite: answers that were mixed up would show.
                            let fails = number % 3 == 0
                            let message = devices.update(
                                .add(
                                    try devices.name("many\(number)"), ttl: 60, .a(IPv4Address(10, 0, 1, UInt8(number)))
                                ),
                                prerequisites: fails ? [.nameNotInUse(try devices.name("dev1"))] : [])
                            if fails {
                                #expect(try await client.failure(of: message).code == .yxDomain)
                            } else {
                                try await client.send(message)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                await client.close()
                #expect(proxy.connectionCount == 1)
                let zone = try await devices.named.transfer(Devices.zoneText)
                #expect(zone.count { $0.hasPrefix("many") } == 40)
            }
        }
    }
}
