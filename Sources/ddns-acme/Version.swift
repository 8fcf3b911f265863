/// What `--version` prints and what the User-Agent tells the CA (RFC 8555 §6.1).
enum Version {
    static let number = "0.1.0"
    static let text = "ddns-acme \(number)"
}
