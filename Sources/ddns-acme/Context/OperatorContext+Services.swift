import ControlServer
import FleetConfiguration
import FoundationEssentials
import Glibc
import Issuance

extension OperatorContext {
    /// What the control server works with; commands on its machine do, too.
    var services: FleetServices { services(ignoringQuietHours: false) }

    /// - Parameter ignoringQuietHours: for what somebody asks for now.
    func services(ignoringQuietHours: Bool) -> FleetServices {
        FleetServices(
            store: store, zones: zones, issuer: issuer, profile: configuration.acme.profile,
            scheduling: scheduling(ignoringQuietHours), canaryTag: configuration.renewal.canaryTag)
    }

    private func scheduling(_ ignoringQuietHours: Bool) -> SchedulingPolicy {
        var policy = SchedulingPolicy()
        policy.concurrency = 1...configuration.renewal.concurrency
        policy.quietHours = ignoringQuietHours ? nil : quietHours
        policy.firstCertificates = configuration.renewal.firstCertificates.map {
            FirstCertificatePace(period: .seconds($0))
        }
        return policy
    }

    var quietHours: QuietHours? {
        configuration.renewal.quietHours.flatMap { QuietHours(start: $0.start, end: $0.end) }
    }

    /// Who is at the keyboard, for the audit log.
    static var requester: Requester {
        Requester(
            actor: "user:"
                + (getpwuid(geteuid()).flatMap { String(validatingCString: $0.pointee.pw_name) } ?? "\(geteuid())"),
            origin: "cli")
    }
}
