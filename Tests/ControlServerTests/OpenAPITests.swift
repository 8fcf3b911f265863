import FleetAPI
import Foundation  // JSONSerialization
import Testing

@testable import ControlServer

@Suite("The API's own description")
struct OpenAPITests {
    private func document() throws -> [String: Any] {
        let data = Data(PackageResources.openapi_json)
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    @Test("it lists exactly the methods and paths that are served, with who may use them")
    func matchesRoutes() async throws {
        let endpoints = try await TestServices.with { TestServices.endpoints($0) }
        let paths = try #require(try document()["paths"] as? [String: [String: Any]])
        var described: Set<String> = []
        for (path, item) in paths {
            for (method, operation) in item where method != "parameters" {
                let security = (operation as? [String: Any])?["security"] as? [[String: Any]]
                described.insert("\(method.uppercased()) \(path) \(security?.first?.keys.first ?? "anybody")")
            }
        }
        let served = endpoints.map { endpoint in
            let access =
                switch endpoint.access {
                case .anybody: "anybody"
                case .enrollmentToken: "enrollmentToken"
                case .device: "deviceCredential"
                case .issuer, .operator: "accessToken"
                }
            return "\(endpoint.method.rawValue) \(endpoint.route.rawValue) \(access)"
        }
        #expect(described == Set(served))
        #expect(Set(endpoints.map(\.route)) == Set(Route.allCases))
    }

    @Test("every reference in it leads somewhere")
    func references() throws {
        let document = try document()
        func visit(_ value: Any) throws {
            if let object = value as? [String: Any] {
                if let reference = object["$ref"] as? String {
                    let target = reference.split(separator: "/").dropFirst()
                        .reduce(document as Any?) { ($0 as? [String: Any])?[String($1)] }
                    #expect(target != nil, "\(reference)")
                }
                for child in object.values { try visit(child) }
            } else if let list = value as? [Any] {
                for child in list { try visit(child) }
            }
        }
        try visit(document)
    }
}
