import ArgumentParser

/// What is done for every device, over and over.
enum HotPath: String, CaseIterable, ExpressibleByArgument {
    case message
    case signature
    case verification
    case acme
    case checkIn = "check-in"

    var title: String {
        switch self {
        case .message: "UPDATE message of 100 changes, built"
        case .signature: "that message, signed (TSIG)"
        case .verification: "its answer, verified (TSIG)"
        case .acme: "ACME request, signed (JWS), its answer read"
        case .checkIn: "check-in without a change"
        }
    }

    /// How much fewer runs than of the lightest it takes for the same time.
    var weight: Int {
        switch self {
        case .message: 4
        case .signature, .verification, .acme, .checkIn: 1
        }
    }
}
