import ACME
import AsyncHTTPClient
import NIOCore
import NIOPosix
import NIOSSL

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Says what an error from below means: what failed, and whether the request may have reached the server.
enum TransportFailure {
    static func translate(_ error: any Error, isProxied: Bool) -> ACMETransportError {
        switch error {
        case let error as ACMETransportError: error
        case is CancellationError: ACMETransportError(.cancelled, "cancelled", mayHaveReachedServer: true)
        case is NIOTooManyBytesError:
            ACMETransportError(.bodyTooLarge, "the answer is over 1 MiB", mayHaveReachedServer: true)
        case let error as HTTPClientError: translate(error)
        case let error as NIOConnectionError: translate(error, isProxied: isProxied)
        case let error as NIOSSLError: translate(error)
        case let error as NIOSSLExtraError: translate(error)
        case let error as IOError where isFromConnecting(error):
            // An address instead of a name is connected to without NIO's NIOConnectionError around it.
            ACMETransportError(
                isProxied ? .proxy : .connect, "no connection: \(String(cString: strerror(error.errnoCode)))",
                mayHaveReachedServer: false)
        case is ChannelError, is IOError:
            ACMETransportError(.connectionLost, "the connection ended: \(error)", mayHaveReachedServer: true)
        default: ACMETransportError(.connectionLost, "\(error)", mayHaveReachedServer: true)
        }
    }

    /// Only connecting can be refused; unreachable a host can become on an open connection, too.
    private static func isFromConnecting(_ error: IOError) -> Bool { error.errnoCode == ECONNREFUSED }

    private static func translate(_ error: HTTPClientError) -> ACMETransportError {
        switch error {
        case .cancelled, .requestStreamCancelled:
            ACMETransportError(.cancelled, "cancelled", mayHaveReachedServer: true)
        case .connectTimeout:
            ACMETransportError(.connect, "no connection, TLS included, within 10 s", mayHaveReachedServer: false)
        case .tlsHandshakeTimeout:
            ACMETransportError(.tls, "no answer to the TLS handshake", mayHaveReachedServer: false)
        case .httpProxyHandshakeTimeout, .invalidProxyResponse, .proxyAuthenticationRequired, .socksHandshakeTimeout:
            ACMETransportError(
                .proxy, "the proxy does not let the connection through: \(error)", mayHaveReachedServer: false)
        case .getConnectionFromPoolTimeout, .alreadyShutdown:
            ACMETransportError(.connect, "no connection: \(error)", mayHaveReachedServer: false)
        case .readTimeout, .writeTimeout, .deadlineExceeded:
            ACMETransportError(.timeout, "no complete answer in the time given", mayHaveReachedServer: true)
        default:
            ACMETransportError(
                .connectionLost, "the connection ended before the answer: \(error)", mayHaveReachedServer: true)
        }
    }

    private static func translate(_ error: NIOConnectionError, isProxied: Bool) -> ACMETransportError {
        if isProxied {
            return ACMETransportError(
                .proxy, "no connection to the proxy \(error.host):\(error.port): \(error)", mayHaveReachedServer: false)
        }
        // Both look-ups failed, or one failed and the other brought no address that could be tried.
        if error.connectionErrors.isEmpty, error.dnsAError != nil || error.dnsAAAAError != nil {
            return ACMETransportError(
                .nameResolution, "the host \(error.host) has no address", mayHaveReachedServer: false)
        }
        let reasons = error.connectionErrors.map { "\($0.target.description): \($0.error)" }
        return ACMETransportError(
            .connect, "no connection to \(error.host) port \(error.port): \(reasons.joined(separator: "; "))",
            mayHaveReachedServer: false)
    }

    private static func translate(_ error: NIOSSLError) -> ACMETransportError {
        switch error {
        case .handshakeFailed(let reason):
            // BoringSSL names the cause only in its error stack.
            let text = String(describing: reason)
            if text.contains("CERTIFICATE_VERIFY_FAILED") {
                return ACMETransportError(
                    .untrustedServer, "the server's certificate is not trusted: not issued by a known root, or expired",
                    mayHaveReachedServer: false)
            }
            return ACMETransportError(.tls, "the TLS handshake failed: \(text)", mayHaveReachedServer: false)
        case .unableToValidateCertificate, .noCertificateToValidate:
            return ACMETransportError(
                .untrustedServer, "the server's certificate is not valid for its name", mayHaveReachedServer: false)
        default:
            return ACMETransportError(.connectionLost, "the TLS connection ended: \(error)", mayHaveReachedServer: true)
        }
    }

    private static func translate(_ error: NIOSSLExtraError) -> ACMETransportError {
        switch error {
        case .failedToValidateHostname, .serverHostnameImpossibleToMatch:
            ACMETransportError(
                .untrustedServer, "the server's certificate is for another name: \(error)", mayHaveReachedServer: false)
        default: ACMETransportError(.tls, "TLS failed: \(error)", mayHaveReachedServer: false)
        }
    }
}
