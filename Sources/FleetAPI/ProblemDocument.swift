/// The body of every error (RFC 9457 §3).
package struct ProblemDocument: Hashable, Codable, Sendable {
    /// Which problem it is; absent in JSON means `about:blank` (RFC 9457 §3.1.1).
    package var type: ProblemType
    /// The type in words, the same every time.
    package var title: String?
    /// The HTTP status, repeated.
    package var status: Int?
    /// What happened this time.
    package var detail: String?
    /// Names this occurrence: the request's id as a URN.
    package var instance: String?
    /// What to do about it (an extension member of ours).
    package var hint: String?
    /// The device that was spoken of, in full: only the server knows which zone a label means (an extension member).
    package var device: String?

    /// - Parameter status: the type's own status when nil.
    package init(
        _ type: ProblemType, detail: String? = nil, hint: String? = nil, status: Int? = nil, instance: String? = nil
    ) {
        self.type = type
        self.title = type.title
        self.status = status ?? type.status
        self.detail = detail
        self.hint = hint
        self.instance = instance
    }

    private enum CodingKeys: CodingKey { case type, title, status, detail, instance, hint, device }

    /// Lenient: RFC 9457 §3.1 has members of the wrong JSON type ignored.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        type = (try? container.decodeIfPresent(ProblemType.self, forKey: .type)) ?? .blank
        title = (try? container.decodeIfPresent(String.self, forKey: .title)) ?? nil
        status = (try? container.decodeIfPresent(Int.self, forKey: .status)) ?? nil
        detail = (try? container.decodeIfPresent(String.self, forKey: .detail)) ?? nil
        instance = (try? container.decodeIfPresent(String.self, forKey: .instance)) ?? nil
        hint = (try? container.decodeIfPresent(String.self, forKey: .hint)) ?? nil
        device = (try? container.decodeIfPresent(String.self, forKey: .device)) ?? nil
    }
}
