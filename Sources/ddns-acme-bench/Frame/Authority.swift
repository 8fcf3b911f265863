/// A CA that was started for the run.
struct Authority {
    let name: String
    let port: UInt16
    /// With the root of its certificate and its log.
    let folder: String

    var directory: String { "https://127.0.0.1:\(port)/dir" }
    var root: String { "\(folder)/ca.pem" }
}
