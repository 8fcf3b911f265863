import HTTPProxy
import Testing

@Suite("The proxy of the environment")
struct ProxySettingsTests {
    @Test(
        "NO_PROXY is read as curl reads it, and loopback is never proxied",
        arguments: [
            ("", "ca.test", true), ("ca.test", "ca.test", false), (".test", "ca.test", false),
            ("*.test", "ca.test", false), ("a.test", "ca.test", true), ("*", "ca.test", false),
            ("ca.test:443", "ca.test", false), ("ca.test:8443", "ca.test", true), ("x, CA.TEST", "ca.test", false),
            ("", "127.0.0.1", false), ("", "localhost", false), ("", "::1", false),
            ("2001:db8::1", "2001:db8::1", false),
        ])
    func noProxy(exceptions: String, host: String, isProxied: Bool) throws {
        let settings = try ProxySettings(environment: ["HTTPS_PROXY": "http://proxy.test:3128", "NO_PROXY": exceptions])
        #expect(settings.applies(toHost: host, port: 443) == isProxied)
    }

    @Test(
        "a proxy that cannot be used is refused, and its password not shown",
        arguments: [
            "socks5://user:secret@proxy.test", "https://user:secret@proxy.test", "http://", "http://user:secret@",
        ])
    func badProxy(text: String) {
        let error = #expect(throws: ProxySettingsError.self) {
            try ProxySettings(environment: ["HTTPS_PROXY": text])
        }
        #expect(error.map { !"\($0) \($0.hint)".contains("secret") } == true)
    }
}
