import FleetAPI
import Foundation  // JSONSerialization
import Testing

@testable import ControlServer

/// The types that are sent and the schemas that describe them, member by member.
@Suite("The API's own description: schemas")
struct OpenAPISchemaTests {
    /// A type with all of its members and with none that may be absent.
    struct Sample: Sendable, CustomTestStringConvertible {
        let schema: String
        let full: Data
        let least: Data
        var testDescription: String { schema }

        init(_ schema: String, _ full: some Encodable, _ least: some Encodable) throws {
            self.schema = schema
            self.full = try JSONEncoder().encode(full)
            self.least = try JSONEncoder().encode(least)
        }
    }

    private static let time = Timestamp(secondsSinceEpoch: 1_800_000_000)
    private static let problem: ProblemDocument = {
        var problem = ProblemDocument(.malformed, detail: "detail", hint: "hint")
        problem.instance = "urn:ddns-acme:request:1"
        problem.device = "dev1.devices.example.com"
        return problem
    }()
    private static let certificate = DeviceCertificate(
        serial: "0a", names: ["a"], notBefore: time, notAfter: time, renewAt: time,
        renewalExplanation: "https://ca.example/incident")
    private static let addresses = DeviceAddresses(wanted: ["10.0.0.1"], published: ["10.0.0.1"])
    private static let device = DeviceDocument(
        name: "a", zone: "z", state: .active, description: "d", tags: ["t"], addresses: addresses, createdAt: time,
        lastSeen: time, certificate: certificate, lastProblem: problem)
    private static let bareDevice = DeviceDocument(name: "a", zone: "z", state: .active, createdAt: time)
    private static let token = TokenDetails(
        id: "1", role: .issue, name: "a*", usesLeft: 1, createdAt: time, expiresAt: time, lastUsedAt: time,
        revokedAt: time)
    private static let bareToken = TokenDetails(id: "1", role: .enroll, createdAt: time)
    private static let secret = SecretToken.random(.device)
    private static let selection = DeviceSelection(state: .active, zone: "z", tag: "t", name: "a*")

    private static let finding = ZoneVerification.Finding(
        finding: "missing", name: "a", values: ["10.0.0.1"], outcome: "failed", detail: "d", isInformation: false)
    private static let bareFinding = ZoneVerification.Finding(
        finding: "missing", name: "a", values: [], outcome: "reported", isInformation: true)
    private static let verification = ZoneVerification(
        zone: "z", server: "s", method: "transfer", serial: 1, devices: 1, records: 1, drift: 1, repaired: 1,
        remainingDrift: 1, conflicts: 1, remainingConflicts: 1, foreignChallenges: 1, unknownNames: 1,
        findings: [finding])
    private static let bareVerification = ZoneVerification(
        zone: "z", server: "s", method: "queries", devices: 1, records: 1, drift: 1, repaired: 1, remainingDrift: 1,
        conflicts: 1, remainingConflicts: 1, foreignChallenges: 1, unknownNames: 1)
    private static let account = AccountDocument(
        url: "u", status: "valid", contacts: ["mailto:a"], directory: "u", keyFile: "k", termsOfService: "t",
        caa: [.init(zone: "z", records: ["r"], finding: "f", isBound: true)])
    private static let bareAccount = AccountDocument(
        url: "u", status: "valid", contacts: [], directory: "u", keyFile: "k")
    private static let renewals = LimitsDocument.Renewals(
        concurrency: 1, firstCertificatesSeconds: 1, spread: true, quietFrom: 1, quietTo: 2)
    private static let limit = LimitsDocument.Limit(count: 1, seconds: 1)

    static let samples: [Sample] = {
        let made: [Sample?] = [
            try? Sample("Problem", problem, ProblemDocument(.blank)),
            try? Sample(
                "EnrollRequest", EnrollRequest(name: "a", addresses: ["10.0.0.1"]), EnrollRequest()),
            try? Sample(
                "EnrollResponse", EnrollResponse(name: "a", credential: secret, checkInAfter: 1),
                EnrollResponse(name: "a", credential: secret, checkInAfter: 1)),
            try? Sample(
                "CheckInRequest",
                CheckInRequest(
                    addresses: ["10.0.0.1"], certificate: InstalledCertificate(serial: "0a", notAfter: time)),
                CheckInRequest(addresses: [])),
            try? Sample(
                "CheckInResponse",
                CheckInResponse(
                    name: "a", addresses: ["10.0.0.1"],
                    certificate: CertificateDirective(action: .sendCSR, notAfter: time, renewAt: time),
                    checkInAfter: 1, addressProblem: problem),
                CheckInResponse(
                    name: "a", addresses: [], certificate: CertificateDirective(action: .none), checkInAfter: 1)),
            try? Sample(
                "CredentialResponse", CredentialResponse(credential: secret, previousValidUntil: time),
                CredentialResponse(credential: secret, previousValidUntil: time)),
            try? Sample("Pending", PendingResponse(), PendingResponse()),
            try? Sample("Device", device, bareDevice),
            try? Sample("DeviceList", Listing(items: [device], next: "a"), Listing<DeviceDocument>(items: [])),
            try? Sample(
                "DeviceCreation",
                DeviceCreation(name: "a", description: "d", tags: ["t"], addresses: ["10.0.0.1"]), DeviceCreation()),
            try? Sample(
                "BulkRequest",
                BulkRequest(action: .remove, names: ["a"], filter: selection, revoke: true, dryRun: true),
                BulkRequest(action: .remove)),
            try? Sample(
                "BulkReport", BulkReport(changed: ["a"], failed: [.init(name: "a", problem: problem)]),
                BulkReport(changed: [])),
            try? Sample(
                "ImportReport",
                ImportReport(created: 1, existing: 1, failed: [.init(line: 1, problem: problem)]),
                ImportReport(created: 0, existing: 0)),
            try? Sample(
                "AddressRequest", AddressRequest(addresses: ["10.0.0.1"]), AddressRequest(addresses: [])),
            try? Sample(
                "IssueRequest",
                IssueRequest(csr: "c", addresses: ["10.0.0.1"], wildcard: true, profile: "p", force: true),
                IssueRequest()),
            try? Sample(
                "IssueResponse",
                IssueResponse(name: "a", issued: true, certificate: certificate, chain: "c"),
                IssueResponse(name: "a", issued: true, certificate: certificate, chain: "c")),
            try? Sample("RevokeRequest", RevokeRequest(reason: 4), RevokeRequest()),
            try? Sample(
                "TokenCreation", TokenCreation(role: .issue, name: "a", uses: 1, expiresIn: 1),
                TokenCreation(role: .issue)),
            try? Sample(
                "TokenCreated", TokenCreated(token: secret, details: token),
                TokenCreated(token: secret, details: bareToken)),
            try? Sample(
                "ZoneVerifyRequest", ZoneVerifyRequest(zones: ["z"], repair: true, adopt: true), ZoneVerifyRequest()),
            try? Sample(
                "ZoneVerifyReport", ZoneVerifyReport(zones: [verification]), ZoneVerifyReport(zones: [])),
            try? Sample("ZoneVerification", verification, bareVerification),
            try? Sample("ZoneFinding", finding, bareFinding),
            try? Sample("Account", account, bareAccount),
            try? Sample(
                "Limits",
                LimitsDocument(
                    directory: "u", profile: "p", newOrders: limit, certificatesPerDomain: limit,
                    certificatesPerSet: limit, renewals: renewals), LimitsDocument(directory: "u")),
            try? Sample("RenewalSettings", renewals, LimitsDocument.Renewals(concurrency: 1, spread: false)),
            try? Sample("TokenList", Listing(items: [token], next: "1"), Listing<TokenDetails>(items: [])),
        ]
        return made.compactMap { $0 }
    }()

    @Test(
        "what is sent has the described members and types, no others, and the required ones always", arguments: samples)
    func conforms(_ sample: Sample) throws {
        let schemas = try Self.schemas()
        var used: Set<String> = []
        for data in [sample.full, sample.least] {
            let value = try JSONSerialization.jsonObject(with: data)
            let complaints = Self.check(
                value, schema: ["$ref": "#/components/schemas/" + sample.schema], schemas, &used)
            #expect(complaints == [], "\(sample.schema)")
        }
        let object = try JSONSerialization.jsonObject(with: sample.full) as? [String: Any]
        let properties = schemas[sample.schema]?["properties"] as? [String: Any]
        #expect(object?.keys.sorted() == properties?.keys.sorted(), "every described member exists")
    }

    @Test("every schema is of a type that is sent")
    func complete() throws {
        let schemas = try Self.schemas()
        var used: Set<String> = []
        for sample in Self.samples {
            let value = try JSONSerialization.jsonObject(with: sample.full)
            _ = Self.check(value, schema: ["$ref": "#/components/schemas/" + sample.schema], schemas, &used)
        }
        #expect(Set(schemas.keys) == used)
    }

    private static func schemas() throws -> [String: [String: Any]] {
        let data = Data(PackageResources.openapi_json)
        let document = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let components = try #require(document["components"] as? [String: Any])
        return try #require(components["schemas"] as? [String: [String: Any]])
    }

    /// What is wrong with a value; also notes which schemas were needed.
    private static func check(
        _ value: Any, schema: [String: Any], _ schemas: [String: [String: Any]], _ used: inout Set<String>,
        at path: String = "$"
    ) -> [String] {
        if let reference = schema["$ref"] as? String {
            let name = String(reference.split(separator: "/").last ?? "")
            used.insert(name)
            guard let target = schemas[name] else { return ["\(path): no schema \(name)"] }
            return check(value, schema: target, schemas, &used, at: path)
        }
        var complaints: [String] = []
        switch (schema["type"] as? String, value) {
        case ("object", let object as [String: Any]):
            let properties = schema["properties"] as? [String: [String: Any]] ?? [:]
            for name in schema["required"] as? [String] ?? [] where object[name] == nil {
                complaints.append("\(path).\(name) is missing")
            }
            for (name, member) in object {
                if let property = properties[name] {
                    complaints += check(member, schema: property, schemas, &used, at: path + "." + name)
                } else {
                    complaints.append("\(path).\(name) is not described")
                }
            }
        case ("array", let list as [Any]):
            guard let items = schema["items"] as? [String: Any] else { return ["\(path): no items"] }
            for item in list { complaints += check(item, schema: items, schemas, &used, at: path + "[]") }
        case ("string", let text as String):
            if let values = schema["enum"] as? [String], !values.contains(text) {
                complaints.append("\(path): \(text) is not in the enumeration")
            }
        case ("boolean", let number as NSNumber) where isTruthValue(number): break
        case ("integer", let number as NSNumber) where !isTruthValue(number): break
        default: complaints.append("\(path) is not \(schema["type"] ?? "typed")")
        }
        return complaints
    }

    /// JSONSerialization gives numbers and truth values alike.
    private static func isTruthValue(_ number: NSNumber) -> Bool { String(cString: number.objCType) == "c" }
}
