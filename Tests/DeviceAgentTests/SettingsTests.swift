import DeviceCertificates
import DeviceHost
import Testing

@testable import DeviceAgent

@Suite("Settings")
struct SettingsTests {
    func settings(_ json: String) throws -> AgentSettings {
        try AgentSettings(json: Array(json.utf8), file: "agent.json")
    }

    static let minimal = #""server":"https://fleet.example.com""#

    @Test("A file with the server alone gives the documented defaults")
    func defaults() throws {
        let configuration = try AgentConfiguration(settings("{\(Self.minimal)}"))
        #expect(configuration.stateDirectory == "/var/lib/ddns-acme-agent")
        #expect(configuration.certificateDirectory == "/var/lib/ddns-acme-agent/certificates")
        #expect(configuration.addresses == .interfaces(AddressSelection()))
        #expect(configuration.reload == nil)
        #expect(configuration.verify == nil)
        #expect(configuration.addressPoll == .seconds(15))
    }

    @Test("Every setting has a key, a variable, and an effect")
    func everySetting() throws {
        let file = try settings(
            """
            {"server":"https://f.example","name":"n","enrollment-token-file":"t","trust-roots":"r",
             "state-directory":"/s/","certificate-directory":"/c","interfaces":["eth*"],"families":["ipv4"],
             "networks":["10.0.0.0/8"],"addresses":[],"reload-command":["/bin/true","-x"],"reload-timeout":5,
             "verify-address":"[::1]:443","verify-timeout":6,"address-poll":7,"proxy":"http://p:1","wildcard":true,
             "key-type":"ec384","pkcs12":"/b","pkcs12-password-file":"/p"}
            """)
        let environment = try AgentSettings(environment: [
            "DDNS_ACME_AGENT_SERVER": "https://f.example", "DDNS_ACME_AGENT_NAME": "n",
            "DDNS_ACME_AGENT_ENROLLMENT_TOKEN_FILE": "t", "DDNS_ACME_AGENT_TRUST_ROOTS": "r",
            "DDNS_ACME_AGENT_STATE_DIRECTORY": "/s/", "DDNS_ACME_AGENT_CERTIFICATE_DIRECTORY": "/c",
            "DDNS_ACME_AGENT_INTERFACES": "eth*", "DDNS_ACME_AGENT_FAMILIES": "ipv4",
            "DDNS_ACME_AGENT_NETWORKS": "10.0.0.0/8", "DDNS_ACME_AGENT_RELOAD_COMMAND": #"["/bin/true","-x"]"#,
            "DDNS_ACME_AGENT_RELOAD_TIMEOUT": "5", "DDNS_ACME_AGENT_VERIFY_ADDRESS": "[::1]:443",
            "DDNS_ACME_AGENT_VERIFY_TIMEOUT": "6", "DDNS_ACME_AGENT_ADDRESS_POLL": "7", "DDNS_ACME_AGENT_ADDRESSES": "",
            "DDNS_ACME_AGENT_PROXY": "http://p:1", "DDNS_ACME_AGENT_WILDCARD": "true",
            "DDNS_ACME_AGENT_KEY_TYPE": "ec384", "DDNS_ACME_AGENT_PKCS12": "/b",
            "DDNS_ACME_AGENT_PKCS12_PASSWORD_FILE": "/p",
        ])
        for settings in [file, environment] {
            let configuration = try AgentConfiguration(settings)
            #expect(configuration.name == "n")
            #expect(configuration.enrollmentTokenFile == "t")
            #expect(configuration.trustRoots == "r")
            #expect(configuration.stateDirectory == "/s")
            #expect(configuration.certificateDirectory == "/c")
            guard case .interfaces(let selection) = configuration.addresses else {
                Issue.record("addresses")
                continue
            }
            #expect(selection.interfaces == ["eth*"])
            #expect(!selection.wantsIPv6)
            #expect(selection.networks.map(\.description) == ["10.0.0.0/8"])
            #expect(
                configuration.reload == ReloadCommand(program: "/bin/true", arguments: ["-x"], timeout: .seconds(5)))
            #expect(configuration.verify == ServedCertificateCheck(host: "::1", port: 443, timeout: .seconds(6)))
            #expect(configuration.addressPoll == .seconds(7))
            #expect(configuration.proxy == "http://p:1")
            #expect(configuration.keyKind == .ec384)
            #expect(configuration.bundle == AgentConfiguration.Bundle(path: "/b", passwordFile: "/p"))
            #expect(configuration.certificateNames("n.example") == ["n.example", "*.n.example"])
        }
    }

    @Test("The command line comes before the environment, that before the file")
    func order() throws {
        var options = AgentSettings()
        options.name = "option"
        var variables = AgentSettings()
        variables.name = "variable"
        variables.verifyTimeout = 2
        var file = AgentSettings()
        file.name = "file"
        file.verifyTimeout = 3
        file.server = "https://f.example"
        let all = options.over(variables).over(file)
        #expect(all.name == "option")
        #expect(all.verifyTimeout == 2)
        #expect(all.server == "https://f.example")
    }

    @Test(
        "A mistake is named by its setting",
        arguments: [
            (#"{"sever":"x"}"#, "\"sever\""), ("{", "not JSON"), ("[]", "no JSON object"),
            (#"{"server":1}"#, "\"server\" is no text"),
            (#"{"interfaces":"eth0"}"#, "\"interfaces\" is no list of texts"),
            (#"{"address-poll":"1"}"#, "\"address-poll\" is no whole number"),
            ("{}", "no control server"), (#"{"server":"http://f.example"}"#, "https://"),
            (#"{\#(minimal),"state-directory":"x"}"#, "state-directory"),
            (#"{\#(minimal),"families":["ipv5"]}"#, "families"),
            (#"{\#(minimal),"networks":["10.0.0.1/8"]}"#, "networks"),
            (#"{\#(minimal),"addresses":["127.0.0.1"]}"#, "addresses"),
            (#"{\#(minimal),"reload-command":["systemctl reload nginx"]}"#, "reload-command"),
            (#"{\#(minimal),"verify-address":"443"}"#, "verify-address"),
            (#"{\#(minimal),"verify-address":"h:0"}"#, "verify-address"),
            (#"{\#(minimal),"address-poll":0}"#, "address-poll"),
            (#"{\#(minimal),"reload-timeout":-1}"#, "reload-timeout"),
        ])
    func mistakes(json: String, named: String) {
        let error = #expect(throws: AgentError.self) { try AgentConfiguration(settings(json)) }
        #expect(error?.code == .configuration)
        #expect(error?.message.contains(named) == true, "\(error?.message ?? "")")
    }

    @Test(
        "A variable that cannot be read is named",
        arguments: [
            ("DDNS_ACME_AGENT_ADDRESS_POLL", "soon"), ("DDNS_ACME_AGENT_RELOAD_COMMAND", "[1]"),
        ])
    func variables(name: String, value: String) {
        let error = #expect(throws: AgentError.self) { try AgentSettings(environment: [name: value]) }
        #expect(error?.message.contains(name) == true)
    }
}
