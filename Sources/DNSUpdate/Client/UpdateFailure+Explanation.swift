extension UpdateFailure {
    /// A code in words: the cause, and what to do about it.
    struct Explanation {
        let cause: String
        let remedies: [String]

        init(
            _ code: Code, _ context: UpdateContext, server: DNSEndpoint?, responseCode: ResponseCode?,
            clocks: ClockComparison?, likelyCauses: [RefusalCause]
        ) {
            let explanation =
                Self.signature(code, context, clocks)
                ?? Self.prerequisite(code)
                ?? Self.answer(code, context, server, responseCode, likelyCauses)
                ?? Self.silence(code, server)
                ?? Self.ownDecision(code)
            cause = explanation?.cause ?? "\(code)"
            remedies = explanation?.remedies ?? []
        }

        private init(_ cause: String, _ remedies: String...) {
            self.init(cause, remedies)
        }

        private init(_ cause: String, _ remedies: [String]) {
            self.cause = cause
            self.remedies = remedies
        }

        // MARK: RFC 8945 §5.2

        private static func signature(
            _ code: Code, _ context: UpdateContext, _ clocks: ClockComparison?
        ) -> Explanation? {
            let key = context.key.name
            switch code {
            case .badKey:
                return Explanation(
                    "the server does not know key \(key) with algorithm \(context.key.algorithm)",
                    "named.conf on the server needs exactly this name and algorithm: "
                        + "key \"\(key)\" { algorithm \(context.key.algorithm); secret \"…\"; }; then rndc reconfig")
            case .badSignature:
                return Explanation(
                    "the server knows key \(key) with another secret",
                    "copy the key file from the server again; the key's name and algorithm are right")
            case .badTime:
                let skew = clocks.map(\.description) ?? "the clocks differ"
                return Explanation(
                    "\(skew); \(context.fudge) s are allowed",
                    "set the wrong clock by NTP (timedatectl, chronyc tracking); nothing here changes a clock")
            case .badTruncation:
                return Explanation(
                    "the server does not take a MAC of \(context.key.algorithm) as short as this",
                    "use the algorithm without a length in the key file, on both sides")
            default: return nil
            }
        }

        // MARK: RFC 2136 §2.2

        private static func prerequisite(_ code: Code) -> Explanation? {
            let remedy = "nothing was changed; read the zone before deciding (an earlier copy may have been applied)"
            switch code {
            case .nxDomain: return Explanation("a name that should be in use is not (NXDOMAIN)", remedy)
            case .yxDomain: return Explanation("a name that should be free is in use (YXDOMAIN)", remedy)
            case .nxRRset: return Explanation("records that should exist do not, or differ (NXRRSET)", remedy)
            case .yxRRset: return Explanation("records that should not exist do (YXRRSET)", remedy)
            default: return nil
            }
        }

        private static func answer(
            _ code: Code, _ context: UpdateContext, _ server: DNSEndpoint?, _ responseCode: ResponseCode?,
            _ likelyCauses: [RefusalCause]
        ) -> Explanation? {
            switch code {
            case .notAuthoritative:
                return Explanation(
                    "the server has no zone of that name (NOTAUTH, signed)",
                    "check the zone's name and its primary: dig \(server?.digArguments ?? "@SERVER") "
                        + "\(context.zone) SOA +norecurse must answer with flag aa",
                    "a name inside a zone is no zone itself; with views, the key selects the view (match-clients)")
            case .refused:
                let causes = likelyCauses.map(\.summary).joined(separator: "; or ")
                return Explanation(
                    "the server refuses the update (REFUSED)" + (causes.isEmpty ? "" : ": \(causes)"),
                    likelyCauses.map(\.remedy) + ["the server's log says which it was (category update-security)"])
            case .notZone:
                return Explanation(
                    "a name in the update is outside the zone (NOTZONE)", "use names that end in .\(context.zone)")
            case .formErr:
                return Explanation(
                    "the server could not read the update (FORMERR)",
                    "a bug of ours: report it with the server's log line")
            case .servFail:
                let causes = likelyCauses.map { ": perhaps \($0.summary)" }.joined()
                return Explanation(
                    "the server failed to apply the update (SERVFAIL)\(causes)",
                    likelyCauses.map(\.remedy) + [
                        "see the server's log at this time: disk full or journal not writable, zone not loaded "
                            + "(named-checkzone), more than max-records-per-type records at a name, or a secondary that "
                            + "cannot reach its primary (which may then apply the update late: read the records)"
                    ])
            case .notImplemented:
                return Explanation(
                    "the server does not do dynamic updates (NOTIMP)",
                    "updates must go to an RFC 2136 server, in a view of class IN")
            case .otherResponseCode:
                return Explanation(
                    "the server answered \(responseCode.map(\.description) ?? "something unknown")",
                    "see the server's log at this time")
            default: return nil
            }
        }

        // MARK: RFC 2136 §4.5

        private static func silence(_ code: Code, _ server: DNSEndpoint?) -> Explanation? {
            let port = server.map { "\($0.port)" } ?? "53"
            switch code {
            case .noAnswer:
                return Explanation(
                    "no answer; whether the update was applied is unknown",
                    "read the records before sending it again",
                    "a server that is overloaded (update-quota), hanging or restarting is silent: see rndc status")
            case .answerNotTrusted:
                return Explanation(
                    "an answer came that must not be believed; whether the update was applied is unknown",
                    "look for something between here and the server that alters or forges DNS (a middlebox, another "
                        + "host with the address), and in the server's log for what it answered")
            case .connectionRefused:
                return Explanation(
                    "nothing listens there (connection refused)",
                    "is named running, and does listen-on include this address and port? rndc status on the server")
            case .unreachable:
                return Explanation(
                    "the server cannot be reached",
                    "check the configured address, the route and the firewalls: TCP port \(port) must be open")
            case .notSent:
                return Explanation("the connection ended before the update was sent", "send it again")
            case .overloaded:
                return Explanation(
                    "too many updates are under way; this one was not sent",
                    "send fewer at once, or more in one message")
            default: return nil
            }
        }

        private static func ownDecision(_ code: Code) -> Explanation? {
            switch code {
            case .messageTooLarge:
                Explanation("the update is too large; it was not sent", "send it in several messages")
            case .invalidMessage: Explanation("the update is not valid; it was not sent", "correct the records")
            case .cancelled: Explanation("cancelled before the update was sent", "start again")
            case .closed: Explanation("the update client has been closed", "a bug of ours if it was not shutting down")
            default: nil
            }
        }
    }
}

extension DNSEndpoint {
    /// The server as `dig` takes it on its command line.
    package var digArguments: String {
        port == Self.defaultPort ? "@\(address)" : "@\(address) -p \(port)"
    }
}
