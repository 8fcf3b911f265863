/// The CA's entry points (RFC 8555 §7.1.1).
package struct Directory: Sendable, Equatable {
    package let newNonce: ACMEURL
    package let newAccount: ACMEURL
    package let newOrder: ACMEURL
    package let revokeCert: ACMEURL?
    package let keyChange: ACMEURL?
    /// Base of ARI requests (RFC 9773 §3); `nil` when the CA has no ARI.
    package let renewalInfo: ACMEURL?
    package let meta: Meta

    /// Whether a URL is one of the entry points, or below the one for renewal information.
    func lists(_ url: ACMEURL) -> Bool {
        [newNonce, newAccount, newOrder, revokeCert, keyChange].contains(url)
            || renewalInfo.map { url.text.hasPrefix($0.text) } ?? false
    }

    package struct Meta: Sendable, Equatable {
        /// Where the current terms are, for a human to read; `nil` when there are none. Any kind of URL.
        package let termsOfService: String?
        package let website: String?
        /// The names by which CAA records refer to this CA (RFC 8659).
        package let caaIdentities: [String]
        package let externalAccountRequired: Bool
        /// Name and description of each profile the CA offers (draft-ietf-acme-profiles).
        package let profiles: [String: String]
    }
}

extension Directory: Decodable {
    private enum CodingKeys: String, CodingKey {
        case newNonce, newAccount, newOrder, revokeCert, keyChange, renewalInfo, meta
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        newNonce = try container.decode(ACMEURL.self, forKey: .newNonce)
        newAccount = try container.decode(ACMEURL.self, forKey: .newAccount)
        newOrder = try container.decode(ACMEURL.self, forKey: .newOrder)
        revokeCert = try container.decodeIfPresent(ACMEURL.self, forKey: .revokeCert)
        keyChange = try container.decodeIfPresent(ACMEURL.self, forKey: .keyChange)
        renewalInfo = try container.decodeIfPresent(ACMEURL.self, forKey: .renewalInfo)
        meta = try container.decodeIfPresent(Meta.self, forKey: .meta) ?? Meta.empty
    }
}

extension Directory.Meta: Decodable {
    static let empty = Directory.Meta(
        termsOfService: nil, website: nil, caaIdentities: [], externalAccountRequired: false, profiles: [:])

    private enum CodingKeys: String, CodingKey {
        case termsOfService, website, caaIdentities, externalAccountRequired, profiles
    }

    /// All of `meta` is optional and informative, so a member of the wrong form is left out instead of failing the
    /// directory.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        termsOfService = (try? container.decodeIfPresent(String.self, forKey: .termsOfService)) ?? nil
        website = (try? container.decodeIfPresent(String.self, forKey: .website)) ?? nil
        caaIdentities = (try? container.decodeIfPresent([String].self, forKey: .caaIdentities)) ?? []
        externalAccountRequired = (try? container.decodeIfPresent(Bool.self, forKey: .externalAccountRequired)) ?? false
        profiles = (try? container.decodeIfPresent([String: String].self, forKey: .profiles)) ?? [:]
    }
}
