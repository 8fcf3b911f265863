/// A reason why a server answers REFUSED, which the answer itself does not tell.
package struct RefusalCause: Sendable, Hashable, CustomStringConvertible {
    /// The kind of reason; compare with the static members.
    package struct Kind: Sendable, Hashable, CustomStringConvertible {
        private enum Value: String {
            case policy, frozen, notDynamic, checkNames, queryNotAllowed, secondary, unsignable
        }
        private let value: Value
        /// No `update-policy` rule lets the key make this change.
        package static let policy = Kind(value: .policy)
        /// `rndc freeze` is in effect.
        package static let frozen = Kind(value: .frozen)
        /// The zone takes no updates, or none signed with this key.
        package static let notDynamic = Kind(value: .notDynamic)
        /// An address at a name that is no host name.
        package static let checkNames = Kind(value: .checkNames)
        /// `allow-query` keeps this machine out, and then updates are refused as well.
        package static let queryNotAllowed = Kind(value: .queryNotAllowed)
        /// The server is a secondary that forwards no updates.
        package static let secondary = Kind(value: .secondary)
        /// The zone is signed, and the server may not be able to sign what is new.
        package static let unsignable = Kind(value: .unsignable)
        package var description: String { value.rawValue }
    }

    package let kind: Kind
    /// The reason in words.
    package let summary: String
    /// What to change on the server, ready to paste where that is possible.
    package let remedy: String

    package var description: String { summary }
}

/// What is done to find out why an update was refused.
package enum RefusalInquiry: Sendable {
    /// Nothing: who finds a refused record by halving a batch has no use for it.
    case none
    /// An empty update and an SOA query.
    case full
    /// Nothing, because the zone is known to take updates: it is about a record.
    case aboutRecord
}

extension RefusalCause {
    /// What further questions to the server have shown; nil for what is not known.
    struct Findings: CustomStringConvertible {
        /// An update without content only needs a zone that takes updates from the key.
        var emptyUpdateIsRefused: Bool?
        var queryIsRefused: Bool?

        var description: String {
            let update = emptyUpdateIsRefused.map { "an empty update is \($0 ? "refused as well" : "accepted")" }
            let query = queryIsRefused.map { "a question for the zone is \($0 ? "refused as well" : "answered")" }
            return [update, query].compactMap(\.self).joined(separator: ", ")
        }
    }

    /// The reasons that fit what is known, most likely first.
    static func likely(
        for message: UpdateMessage, _ context: UpdateContext, _ findings: Findings
    ) -> [RefusalCause] {
        if findings.queryIsRefused == true { return [queryNotAllowed(context)] }
        let outside = findings.queryIsRefused == nil ? [queryNotAllowed(context)] : []
        let zoneWide = [frozen(context), notDynamic(context), secondary(context)] + outside
        let specific = [checkNames(message, context), policy(message, context)].compactMap(\.self)
        switch findings.emptyUpdateIsRefused {
        case true: return zoneWide
        case false: return specific
        default: return message.operations.isEmpty ? zoneWide : specific + zoneWide
        }
    }

    private static func policy(_ message: UpdateMessage, _ context: UpdateContext) -> RefusalCause {
        let changes = message.operations.map(\.subject)
        let types = Set(changes.compactMap(\.type)).sorted { $0.rawValue < $1.rawValue }
        let shown = changes.prefix(3).map { "\($0.type.map(\.description) ?? "every type") at \($0.name)" }
        let more = changes.count > 3 ? " and \(changes.count - 3) more" : ""
        let list = types.isEmpty ? "A AAAA TXT" : types.map(\.description).joined(separator: " ")
        let byName = changes.contains { $0.type == nil }
        return RefusalCause(
            kind: .policy,
            summary:
                "no update-policy rule lets key \(context.key.name) change \(shown.joined(separator: ", "))\(more)",
            remedy: "add to update-policy of zone \"\(context.zone)\" in named.conf: "
                + "grant \"\(context.key.name)\" zonesub \(list); above any deny, since the first statement that matches "
                + "decides; then rndc reconfig"
                + (byName ? " (deleting a whole name needs a grant for every type it holds)" : ""))
    }

    private static func checkNames(_ message: UpdateMessage, _ context: UpdateContext) -> RefusalCause? {
        let names = message.operations.compactMap { operation -> DomainName? in
            guard case .add(let name, _, let data) = operation, data.type == .a || data.type == .aaaa else {
                return nil
            }
            // As BIND checks it, the label * aside (RFC 4592).
            let host = name.isWildcard ? name.parent : name
            return (try? host?.validateHostName()) == nil ? name : nil
        }
        guard let first = names.first else { return nil }
        return RefusalCause(
            kind: .checkNames,
            summary: "an address at \(first), which is no host name (check-names is on by default)",
            remedy: "use letters, digits and hyphens only, "
                + "or put check-names ignore; in zone \"\(context.zone)\" of named.conf")
    }

    private static func frozen(_ context: UpdateContext) -> RefusalCause {
        RefusalCause(
            kind: .frozen, summary: "the zone is frozen (rndc freeze, or an edit by hand under way)",
            remedy: "on the server, when the edit is finished: rndc thaw \(context.zone)")
    }

    private static func notDynamic(_ context: UpdateContext) -> RefusalCause {
        RefusalCause(
            kind: .notDynamic, summary: "the zone takes no updates signed with key \(context.key.name)",
            remedy: "in zone \"\(context.zone)\" of named.conf: "
                + "update-policy { grant \"\(context.key.name)\" zonesub A AAAA TXT; }; then rndc reconfig")
    }

    private static func secondary(_ context: UpdateContext) -> RefusalCause {
        RefusalCause(
            kind: .secondary, summary: "the server is a secondary of the zone and forwards no updates",
            remedy: "send updates to the zone's primary (setting `primary` of zone \(context.zone)), "
                + "or put allow-update-forwarding { any; }; in the secondary's zone")
    }

    private static func queryNotAllowed(_ context: UpdateContext) -> RefusalCause {
        RefusalCause(
            kind: .queryNotAllowed, summary: "allow-query of the zone leaves this machine or the key out",
            remedy: "add key \"\(context.key.name)\"; to allow-query of zone \"\(context.zone)\"")
    }
}

extension UpdateOperation {
    /// What a server's policy is asked about: the name, and the type unless it is every type.
    var subject: (name: DomainName, type: RecordType?) {
        switch self {
        case .add(let name, _, let data), .deleteRecord(let name, let data): (name, data.type)
        case .deleteRRset(let name, let type): (name, type)
        case .deleteName(let name): (name, nil)
        }
    }
}
