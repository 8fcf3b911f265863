import ArgumentParser

/// What is done for every device, over and over.
enum HotPath: String, CaseIterable, ExpressibleByArgument {
    case message
    case signature
    case verification
    case request
    case checkIn = "check-in"
    case answer

    var title: String {
        switch self {
        case .message: "UPDATE message of 100 changes, built"
        case .signature: "that message, signed (TSIG)"
        case .verification: "its answer, verified (TSIG)"
        case .request: "ACME request, signed (JWS, P-256)"
        case .checkIn: "check-in, its request read"
        case .answer: "check-in, its answer written"
        }
    }

    var isOfDNS: Bool { [.message, .signature, .verification].contains(self) }

    /// How much fewer runs than of the lightest it takes for the same time.
    var weight: Int { self == .message ? 10 : 1 }
}
