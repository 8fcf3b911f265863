import DNSUpdate

/// Turns the text of single values into what they mean.
struct ValueReader {
    let file: String

    /// A path; a relative one starts from the configuration file's folder.
    func path(_ text: String) throws(ConfigurationComplaint) -> String {
        guard !text.isEmpty, !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
            throw ConfigurationComplaint(
                "\(quoted(text)) is not a path", hint: "write a path without control characters")
        }
        guard text != "~", !text.hasPrefix("~/") else {
            throw ConfigurationComplaint("`~` means nothing here", hint: "write the whole path")
        }
        guard !text.hasPrefix("/"), let end = file.lastIndex(of: "/") else { return text }
        return file[...end] + text
    }

    func domainName(_ text: String) throws(ConfigurationComplaint) -> DomainName {
        do throws(DomainNameError) {
            return try DomainName(text)
        } catch {
            throw ConfigurationComplaint(error.message, hint: error.hint)
        }
    }

    func zoneName(_ text: String) throws(ConfigurationComplaint) -> DomainName {
        let name = try domainName(text)
        guard !name.isRoot, !name.isWildcard else {
            throw ConfigurationComplaint(
                "\(quoted(text)) is not a zone of yours", hint: "write a zone's name, such as devices.example.com")
        }
        return name
    }

    func serverAddress(_ text: String) throws(ConfigurationComplaint) -> ServerAddress {
        do throws(ServerAddressError) {
            return try ServerAddress(text)
        } catch {
            throw ConfigurationComplaint(error.message, hint: error.hint)
        }
    }

    func prefix(_ text: String) throws(ConfigurationComplaint) -> IPPrefix {
        do throws(IPPrefixError) {
            return try IPPrefix(text)
        } catch {
            throw ConfigurationComplaint(error.message, hint: error.hint)
        }
    }

    /// An address with an optional port: `0.0.0.0`, `127.0.0.1:8443`, `[::]:8443`.
    func listenAddress(_ text: String) throws(ConfigurationComplaint) -> (IPAddress, UInt16) {
        if case .v6? = IPAddress(text), text.hasSuffix(":\(ServerConfiguration.defaultPort)") {
            let host = text.dropLast(":\(ServerConfiguration.defaultPort)".count)
            throw ConfigurationComplaint(
                "\(quoted(text)) is an IPv6 address that ends in \(ServerConfiguration.defaultPort), not an address and a port",
                hint:
                    "write [\(host.hasSuffix(":") ? host + ":" : host)]:\(ServerConfiguration.defaultPort), or [\(text)] for the address"
            )
        }
        if let address = IPAddress(text) { return (address, ServerConfiguration.defaultPort) }
        let isBracketed = text.hasPrefix("[")
        let hostEnd = isBracketed ? text.lastIndex(of: "]") : text.lastIndex(of: ":")
        if let hostEnd, let address = IPAddress(String(text[..<hostEnd].dropFirst(isBracketed ? 1 : 0))) {
            let rest = text[hostEnd...].dropFirst(isBracketed ? 1 : 0)
            if rest.isEmpty { return (address, ServerConfiguration.defaultPort) }
            if rest.hasPrefix(":"), let port = Self.number(rest.dropFirst()), let port = UInt16(exactly: port),
                isBracketed == (address.recordType == .aaaa)
            {
                return (address, port)
            }
        }
        throw ConfigurationComplaint(
            "\(quoted(text)) is not an address to listen on", hint: "write 0.0.0.0:8443, 127.0.0.1:8443 or [::]:8443")
    }

    func timeToLive(_ text: String) throws(ConfigurationComplaint) -> UInt32 {
        let allowed = ZoneConfiguration.allowedTTLs
        guard let seconds = Self.seconds(text) else {
            throw ConfigurationComplaint("\(quoted(text)) is not a time", hint: "write seconds, or 60s, 5m, 1h, 1d")
        }
        guard let ttl = UInt32(exactly: seconds), allowed.contains(ttl) else {
            throw ConfigurationComplaint(
                "\(quoted(text)) is too long", hint: "a TTL is \(allowed.lowerBound) to \(allowed.upperBound) seconds")
        }
        return ttl
    }

    /// How many of a zone's servers are enough.
    func quorum(_ text: String) throws(ConfigurationComplaint) -> Int {
        guard let count = Int(text), (1...64).contains(count) else {
            throw ConfigurationComplaint(
                "\(quoted(text)) is no number of servers",
                hint: "1 to 64; leave it out to wait for every server, which is safer")
        }
        return count
    }

    func boolean(_ text: String) throws(ConfigurationComplaint) -> Bool {
        switch text {
        case "true": return true
        case "false": return false
        default: throw ConfigurationComplaint("\(quoted(text)) is neither true nor false", hint: "write true or false")
        }
    }

    /// A word without white space, such as a profile's name.
    func word(_ text: String) throws(ConfigurationComplaint) -> String {
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw ConfigurationComplaint(
                "\(quoted(text)) is not one word", hint: "write printable ASCII without spaces")
        }
        return text
    }

    /// The name of an environment variable.
    func variable(_ text: String) throws(ConfigurationComplaint) -> String {
        let isName = text.utf8.allSatisfy {
            ($0 | 0x20 >= UInt8(ascii: "a") && $0 | 0x20 <= UInt8(ascii: "z")) || $0 == UInt8(ascii: "_")
                || ($0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9"))
        }
        guard isName, let first = text.first, !first.isNumber else {
            // Not quoted: somebody may have put the secret itself here.
            throw ConfigurationComplaint(
                "this is not the name of an environment variable", hint: "write a name such as DDNS_ACME_EAB_KEY")
        }
        return text
    }

    /// An e-mail address, with or without `mailto:`, as a contact URL. RFC 8555 §7.3: one address, no header fields.
    func contact(_ text: String) throws(ConfigurationComplaint) -> String {
        let address = text.lowercased().hasPrefix("mailto:") ? text.dropFirst("mailto:".count) : text[...]
        let parts = address.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, address.utf8.count <= 254, Self.isLocalPart(parts[0]), Self.isMailDomain(parts[1])
        else {
            throw ConfigurationComplaint(
                "\(quoted(text)) is not an e-mail address",
                hint: "write one address for each item, such as ops@example.com")
        }
        return "mailto:\(address)"
    }

    // MARK: Parts

    /// A number of seconds with an optional unit: `60`, `60s`, `5m`, `1h`, `1d`.
    static func seconds(_ text: String) -> Int? {
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        guard let last = text.last else { return nil }
        guard let unit = units[last] else { return number(text[...]) }
        guard let count = number(text.dropLast()) else { return nil }
        let (seconds, overflow) = count.multipliedReportingOverflow(by: unit)
        return overflow ? nil : seconds
    }

    /// Decimal digits and nothing else.
    private static func number(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }) else {
            return nil
        }
        return Int(text)
    }

    /// RFC 5321 §4.1.2 dot-string of RFC 5322 atoms, less what means something in a URL.
    private static func isLocalPart(_ text: Substring) -> Bool {
        let atoms = text.split(separator: ".", omittingEmptySubsequences: false)
        return text.utf8.count <= 64
            && atoms.allSatisfy { atom in
                !atom.isEmpty
                    && atom.unicodeScalars.allSatisfy {
                        $0.isASCII
                            && ($0.properties.isAlphabetic || ("0"..."9").contains($0)
                                || "!$'*+-=^_`{|}~".unicodeScalars.contains($0))
                    }
            }
    }

    private static func isMailDomain(_ text: Substring) -> Bool {
        guard let name = try? DomainName(String(text)), name.labelCount > 1, !text.hasSuffix(".") else { return false }
        return (try? name.validateHostName()) != nil
    }
}
