import FleetAPI
import Testing

@testable import ControlServer

@Suite("Finding the endpoint of a request")
struct EndpointTableTests {
    private let table = EndpointTable([
        Endpoint(.get, .devices, .operator) { _ in .noContent },
        Endpoint(.post, .devices, .operator) { _ in .noContent },
        Endpoint(.post, .deviceImport, .operator) { _ in .noContent },
        Endpoint(.get, .device, .issuer) { _ in .noContent },
        Endpoint(.post, .deviceIssue, .issuer) { _ in .noContent },
        Endpoint(.delete, .token, .operator) { _ in .noContent },
    ])

    @Test(
        "the route and its parameter are found",
        arguments: [
            ("GET", "/v1/devices", Route.devices, ""),
            ("POST", "/v1/devices/import", .deviceImport, ""),
            ("GET", "/v1/devices/dev1", .device, "dev1"),
            // A device may be called as a path of ours is.
            ("GET", "/v1/devices/import", .device, "import"),
            ("HEAD", "/v1/devices/import", .device, "import"),
            ("GET", "/v1/devices/dev%31.example.com", .device, "dev1.example.com"),
            ("POST", "/v1/devices/a/issue", .deviceIssue, "a"),
            // An encoded slash stays within its segment.
            ("GET", "/v1/devices/a%2Fissue", .device, "a/issue"),
            ("GET", "/v1/devices/..%2f..%2fmetrics", .device, "../../metrics"),
            ("DELETE", "/v1/tokens/7", .token, "7"),
        ])
    func found(method: String, path: String, route: Route, parameter: String) throws {
        let match = try table.match(method: method, path: path[...])
        #expect(match.endpoint.route == route)
        #expect(match.parameter == parameter)
    }

    @Test(
        "whatever is not exactly a path of the API is 404",
        arguments: [
            "", "/", "//", "/v1", "/v1/", "/v1/devices/", "//v1/devices", "/v1//devices", "/V1/devices",
            "/v1/devices/a/",
            "/v1/devices/a/issue/", "/v1/devices/a/b", "/v1/devices//issue", "/v1/./devices", "/v1/x/../devices",
            "/v1%2Fdevices", "/v1/device%73", "*", "v1/devices", "/v1/devices/a/%69ssue",
        ])
    func missing(path: String) {
        #expect { try table.match(method: "GET", path: path[...]) } throws: { ($0 as? APIProblem)?.status == 404 }
    }

    @Test("RFC 9110 §15.5.6: another method is 405, and the answer says which there are")
    func otherMethods() {
        for method in ["PATCH", "get", "TRACE", "DELETE", "CONNECT"] {
            #expect {
                try table.match(method: method, path: "/v1/devices")
            } throws: { error in
                let problem = error as? APIProblem
                return problem?.status == 405 && problem?.allowed == ["GET", "HEAD", "POST"]
            }
        }
    }

    @Test("RFC 9110 §9.3.2: HEAD goes where GET goes, and nowhere else")
    func head() throws {
        #expect(try table.match(method: "HEAD", path: "/v1/devices").isHead)
        #expect { try table.match(method: "HEAD", path: "/v1/devices/a/issue") } throws: {
            ($0 as? APIProblem)?.status == 405
        }
    }

    @Test(
        "RFC 3986 §2.1: an escape that is none, or that is not UTF-8, is 400",
        arguments: ["%", "%2", "%zz", "%ff", "%+f", "%-1", "% 1"])
    func badEscapes(text: String) {
        #expect { try table.match(method: "GET", path: "/v1/devices/" + text) } throws: {
            ($0 as? APIProblem)?.status == 400
        }
    }
}
