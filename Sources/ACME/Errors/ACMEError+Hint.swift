extension ACMEError {
    /// The usual remedy for a cause; `nil` when the message says it all.
    static func hint(for code: Code) -> String? {
        switch code {
        case .accountDoesNotExist: "create the account first, or check that the account key belongs to this CA"
        case .alreadyReplaced:
            "ask for the same names again without `replaces`: a CA that reuses orders returns the pending one"
        case .alreadyRevoked: "nothing is left to do: the certificate has been revoked before"
        case .badNonce: "the CA's front ends may not share their nonces; try again later"
        case .badSignatureAlgorithm:
            "the CA does not take the account key's algorithm: use a P-256 key (move the key file away for a new account)"
        case .compound: "the CA gives a reason for each name, in the message"
        case .conflict: "another request for the same object is being carried out; try again"
        case .malformed: "this is a defect of the client or the CA: report it with the message"
        case .orderNotReady: "the order's challenges are not all valid yet; run the command again"
        case .tls: "the CA could not speak TLS to the server it validates against"
        case .unsupportedIdentifier: "the CA does not issue for this kind of name"
        case .orderInvalid: "run the command again: it makes a new order"
        case .authorizationInvalid: "the CA's reason is in the message; a failed challenge needs a new order"
        case .notFound: "the CA has forgotten the object, or the URL is not that of the CA you mean (acme.directory)"
        case .unsupported: "the CA does not offer this; choose another CA if you need it"
        case .badCSR: "check the CSR's key, signature and names; its key must not be the account key"
        case .badPublicKey: "use a P-256 or P-384 key, or RSA of 2048 bits or more"
        case .badRevocationReason: "public CAs accept unspecified, keyCompromise, superseded and cessationOfOperation"
        case .caa:
            "a CAA record forbids this CA, account or method: add one that allows it, or remove the one that forbids"
        case .connection: "the CA could not reach the server it validates against"
        case .dns:
            "the CA's DNS query failed: check delegation, DNSSEC and every authoritative server, from outside"
        case .externalAccountRequired:
            "this CA wants an external account: set its key id and HMAC key (acme.external-account)"
        case .incorrectResponse:
            "the CA saw another value than the one expected: stale records, or another view of the zone"
        case .invalidContact, .unsupportedContact: "give contacts as plain e-mail addresses (acme.contact)"
        case .invalidProfile: "choose one of the profiles that the CA's directory lists, or none"
        case .rateLimited: "wait as long as the CA asks; for a fleet, ask the CA for a higher limit"
        case .rejectedIdentifier: "the CA does not issue for this name"
        case .unauthorized: "check that the account is active and that the CA sees the expected validation record"
        case .userActionRequired:
            "read the CA's terms and agree to them: acme.agree-to-terms: true, then ddns-acme account create when the account"
                + " is there already, or the CA's page in the message"
        case .identifierPaused: "open the link in the message to resume issuance for this name"
        case .serverInternal, .serviceBusy, .stillProcessing, .timedOut: "try again later"
        case .nameResolutionFailed: "check the CA's URL (acme.directory) and this machine's resolver"
        case .connectFailed, .connectionLost:
            "check the CA's URL (acme.directory), the network and any firewall or proxy"
        case .proxyFailed: "check the proxy set in HTTPS_PROXY, or list the CA's host in NO_PROXY"
        case .tlsFailed: "check that the URL is an HTTPS server speaking TLS 1.2 or later"
        case .serverUntrusted: "for a private or test CA, give the PEM file of its root certificate (acme.trust-roots)"
        case .protocolViolation, .responseTooLarge: "check that the URL is an ACME directory (acme.directory)"
        default: nil
        }
    }
}
