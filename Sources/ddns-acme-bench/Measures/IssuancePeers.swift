import DNSUpdate
import FoundationEssentials
import Glibc

/// How each client is asked for a certificate of the same zone from the same CA.
struct IssuancePeers {
    private let bench: Bench
    private let authority: Authority
    private let secret: String
    private let configuration: String

    init(_ bench: Bench, _ authority: Authority) throws {
        self.bench = bench
        self.authority = authority
        configuration = try bench.configuration(
            state: "\(bench.folder)/state", name: "issue-\(authority.port)", authority: authority)
        secret = try bench.secretText()
        let credentials = """
            dns_rfc2136_server = 127.0.0.1
            dns_rfc2136_port = \(bench.primary.port)
            dns_rfc2136_name = \(bench.key.name).
            dns_rfc2136_secret = \(secret)
            dns_rfc2136_algorithm = \(bench.key.algorithm.description.uppercased())

            """
        try Data(credentials.utf8).write(to: URL(filePath: "\(bench.folder)/certbot.ini"))
        chmod("\(bench.folder)/certbot.ini", 0o600)
    }

    func ours(_ label: String) throws {
        try ChildProcess.run(
            [
                bench.program, "issue", label, "--config", configuration, "--out",
                "\(bench.folder)/ours",
            ], log: "\(bench.folder)/issue.log")
    }

    func lego(_ label: String) throws {
        try startLego(label).waitForSuccess(peer: "lego")
    }

    /// Where it keeps its account.
    var legoFolder: String { "\(bench.folder)/lego-\(authority.port)" }

    /// lego's pauses are at their shortest, a second; it asks name servers on port 53 only, so that here it is spared their
    /// check (`--dns.disable-cp`), which ddns-acme makes.
    func startLego(_ label: String) throws -> ChildProcess {
        try ChildProcess.start(
            [
                "lego", "--server", authority.directory, "--accept-tos", "--email", "ops@example.com", "--path",
                legoFolder, "--key-type", "ec256", "--dns", "rfc2136", "--dns.resolvers",
                "127.0.0.1:\(bench.primary.port)", "--dns.disable-cp", "--domains", "\(label).\(bench.zone)", "run",
            ],
            environment: [
                "LEGO_CA_CERTIFICATES": authority.root,
                "RFC2136_NAMESERVER": "127.0.0.1:\(bench.primary.port)", "RFC2136_TSIG_KEY": "\(bench.key.name).",
                "RFC2136_TSIG_ALGORITHM": "\(bench.key.algorithm).", "RFC2136_TSIG_SECRET": secret, "RFC2136_TTL": "60",
                "RFC2136_POLLING_INTERVAL": "1", "RFC2136_SEQUENCE_INTERVAL": "1", "RFC2136_PROPAGATION_TIMEOUT": "60",
            ], log: "\(bench.folder)/lego-\(label).log")
    }

    func certbot(_ label: String) throws {
        try ChildProcess.run(
            [
                "certbot", "certonly", "--non-interactive", "--agree-tos", "--email", "ops@example.com", "--server",
                authority.directory, "--dns-rfc2136", "--dns-rfc2136-credentials", "\(bench.folder)/certbot.ini",
                "--dns-rfc2136-propagation-seconds", "1", "--config-dir", "\(bench.folder)/certbot-\(authority.port)",
                "--work-dir",
                "\(bench.folder)/certbot/work", "--logs-dir", "\(bench.folder)/certbot/logs", "--key-type", "ecdsa",
                "--domain", "\(label).\(bench.zone)",
            ], environment: ["REQUESTS_CA_BUNDLE": authority.root], log: "\(bench.folder)/certbot.log", peer: "certbot")
    }
}
