import Testing

@testable import FleetAPI

@Suite("Routes")
struct RouteTests {
    @Test(
        "RFC 3986 §2.1: no parameter can reach another path or a query",
        arguments: [
            ("dev1.devices.example.com", "/v1/devices/dev1.devices.example.com/issue"),
            ("../tokens", "/v1/devices/..%2Ftokens/issue"), ("..", "/v1/devices/%2E%2E/issue"),
            (".", "/v1/devices/%2E/issue"), ("a/b?c#d", "/v1/devices/a%2Fb%3Fc%23d/issue"),
            ("ü%\0", "/v1/devices/%C3%BC%25%00/issue"), ("", "/v1/devices//issue"),
        ])
    func escapes(name: String, path: String) {
        #expect(Route.deviceIssue.path(name) == path)
    }

    @Test("Each problem type has a status of an error and a title, and is found in the closed list")
    func problems() {
        #expect(ProblemType.allCases.count >= 24)
        for type in ProblemType.allCases {
            #expect(type.rawValue.hasPrefix("urn:ddns-acme:problem:"))
            #expect(type.status.map { (400..<600).contains($0) } == true)
            #expect(type.title?.isEmpty == false)
        }
        #expect(ProblemType.blank.status == nil)
    }

    @Test(
        "A server's URL is https, or http on loopback only; nothing may follow the path",
        arguments: [
            ("https://fleet.example.com", "https://fleet.example.com"),
            ("https://fleet.example.com:8443/", "https://fleet.example.com:8443"),
            ("https://fleet.example.com/api//", "https://fleet.example.com/api"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("https://[fd00::1]:8443", "https://[fd00::1]:8443"), ("http://[::1]", "http://[::1]"),
            ("http://fleet.example.com", nil), ("http://127.0.0.1.example.com", nil), ("fleet.example.com", nil),
            ("", nil),
            ("https://", nil), ("https://user:secret@fleet.example.com", nil), ("https://fleet.example.com?x=1", nil),
            ("https://fleet.example.com#x", nil), ("ftp://fleet.example.com", nil), ("https://fleet example.com", nil),
            ("https://fleet.example.com\r\nX: y", nil),
        ] as [(String, String?)])
    func serverURL(text: String, expected: String?) {
        let result = Result { () throws(FleetAPIError) in try ServerURL(text) }
        switch (result, expected) {
        case (.success(let url), let expected?): #expect(url.text == expected)
        case (.failure(let error), nil):
            #expect(error.code == .badServerURL)
            #expect(!error.message.contains("secret"))
        default: Issue.record("\(text): \(result)")
        }
    }
}
