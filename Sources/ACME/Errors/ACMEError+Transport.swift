extension ACMEError {
    /// The error of an exchange that brought no answer.
    init(_ error: ACMETransportError, url: ACMEURL) {
        let code: Code =
            switch error.code {
            case .nameResolution: .nameResolutionFailed
            case .connect: .connectFailed
            case .proxy: .proxyFailed
            case .tls: .tlsFailed
            case .untrustedServer: .serverUntrusted
            case .timeout: .timedOut
            case .bodyTooLarge: .responseTooLarge
            case .cancelled: .cancelled
            default: .connectionLost
            }
        self.init(
            code, "\(url): \(Evidence.text(error.message))", url: url, mayHaveBeenApplied: error.mayHaveReachedServer)
    }
}
