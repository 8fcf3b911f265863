extension PropagationFailure {
    /// What becomes of it when nobody does anything.
    package enum Outlook: Int, Sendable, Comparable {
        /// Another try may find that the servers have followed.
        case mayPass
        /// A server does not answer, or only with an error.
        case serverAway
        /// No server will ever show it before somebody changes a configuration or a zone.
        case misconfigured

        package static func < (left: Outlook, right: Outlook) -> Bool { left.rawValue < right.rawValue }
    }

    /// Of all servers that the failure is about, the worst.
    package var outlook: Outlook {
        guard code != .cancelled else { return .mayPass }
        return culprits.map(outlook(of:)).max() ?? .mayPass
    }

    private func outlook(of server: PropagationReport.Server) -> Outlook {
        switch server.last?.state {
        case .alias, .delegated, .notAuthoritative, .refused: return .misconfigured
        case .noAnswer, .failed: return .serverAway
        default:
            let isElsewhere = server.isPrimary && report.isInAnotherView
            return isElsewhere || isAhead(server) ? .misconfigured : .mayPass
        }
    }

    /// RFC 1982, RFC 1034 §4.3.5: a secondary takes a zone over only when its serial grows. One that has seen a higher
    /// one, before the primary was restored from an old copy, waits for ever.
    private func isAhead(_ server: PropagationReport.Server) -> Bool {
        guard !server.isPrimary, let serial = server.serial, let watermark = report.watermark else { return false }
        return serial.isNewer(than: watermark)
    }

    func remedy(for server: PropagationReport.Server) -> String {
        let place = server.server
        switch server.last?.state {
        case .alias(let target): return "publish the challenge at \(target), or remove the CNAME record"
        case .delegated(let zone): return "publish the challenge in zone \(zone), at its own primary"
        case .refused where server.isPrimary && report.isInAnotherView:
            return "\(place) answers for \(report.zone) only to who signs with the key, and a CA does not: put "
                + "allow-query { any; }; into the zone there"
        case .notAuthoritative, .refused, .failed:
            return "\(place) is a name server of \(report.zone) but does not serve it (lame): load the zone there and "
                + "let everybody ask for it (allow-query { any; }), or remove its NS record; `nameservers` lists "
                + "others to ask"
        case .noAnswer:
            return
                "start \(place) or open UDP and TCP port \(place.port) to it, or remove its NS record: a CA's resolver "
                + "may pick any name server"
        case _ where server.isPrimary && report.isInAnotherView:
            return "the key selects a view of \(place) (match-clients) that a CA does not see: let the key update the "
                + "view of everybody, or let that view transfer the zone, or list the servers that a CA asks under "
                + "`nameservers`"
        case .absent where server.isPrimary:
            return "the primary accepted the update but does not show it: look for a CNAME at the name, a count in "
                + "update-policy (TXT(1)), inline-signing that lags (rndc sync), or a view that other clients see"
        case _ where isAhead(server):
            return "the serial of \(place) is ahead of the primary's, as after the primary was restored from an old "
                + "copy, so that it never transfers: rndc retransfer \(report.zone) on that server, or raise the "
                + "serial on the primary"
        default:
            return "\(place) has not transferred the change: check NOTIFY (notify, also-notify, notify-delay) and "
                + "allow-transfer on the primary; rndc refresh \(report.zone) on that server fetches it now"
        }
    }
}
