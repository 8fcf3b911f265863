/// Who asks for a change, and from where: what the audit log says of it.
package struct Requester: Hashable, Sendable {
    /// `user:root`, `token:7`, `device:dev1.example.com`, `system`.
    package let actor: String
    /// `cli` or an address.
    package let origin: String

    package init(actor: String, origin: String) {
        self.actor = actor
        self.origin = origin
    }

    /// The program's own doing.
    package static let system = Requester(actor: "system", origin: "local")
}
