import ControlServer
import FleetConfiguration
import FoundationEssentials
import Glibc
import Issuance

extension OperatorContext {
    /// What the control server works with; commands on its machine do, too.
    var services: FleetServices {
        FleetServices(
            store: store, zones: zones, issuer: issuer, accounts: accounts, profile: configuration.acme.profile)
    }

    /// Who is at the keyboard, for the audit log.
    static var requester: Requester {
        Requester(
            actor: "user:"
                + (getpwuid(geteuid()).flatMap { String(validatingCString: $0.pointee.pw_name) } ?? "\(geteuid())"),
            origin: "cli")
    }
}
