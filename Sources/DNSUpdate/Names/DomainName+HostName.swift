extension DomainName {
    /// Refuses what BIND's `check-names` refuses as the owner of an address, so that a device is told before BIND is asked.
    ///
    /// RFC 952 and RFC 1123 §2.1: letters, digits and hyphens, no hyphen first or last in a label.
    package func validateHostName() throws(DomainNameError) {
        guard !isRoot else { throw notAHostName("the root is no host") }
        for label in labels {
            guard label.allSatisfy(\.isLetterDigitHyphen) else {
                throw notAHostName("only letters, digits and hyphens may be in it")
            }
            guard label.first != UInt8(ascii: "-"), label.last != UInt8(ascii: "-") else {
                throw notAHostName("a hyphen is first or last in a label")
            }
        }
    }

    private func notAHostName(_ reason: String) -> DomainNameError {
        DomainNameError(
            code: .notAHostName, message: "\(description.quotedForMessage) is no host name: \(reason)",
            hint: "use letters, digits and hyphens, for example \"dev-0042\"")
    }
}

extension UInt8 {
    fileprivate var isLetterDigitHyphen: Bool {
        switch asciiLowercased {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
        default: false
        }
    }
}
