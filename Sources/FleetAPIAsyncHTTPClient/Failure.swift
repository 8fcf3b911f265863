import AsyncHTTPClient
import FleetAPI
import Glibc
import NIOCore
import NIOPosix
import NIOSSL

/// Says in the terms of the API what an error from below means.
enum Failure {
    static func translate(_ error: any Error, _ request: FleetRequest) -> FleetAPIError {
        let server = origin(of: request.url)
        switch error {
        case let error as FleetAPIError: return error
        case is CancellationError: return FleetAPIError(.cancelled, "cancelled")
        case is NIOTooManyBytesError:
            return FleetAPIError(.badAnswer, "the answer of \(server) is over \(request.bodyLimit) bytes")
        case let error as HTTPClientError: return translate(error, server)
        case let error as NIOConnectionError: return translate(error, server)
        case let error as NIOSSLError: return translate(error, server)
        case let error as NIOSSLExtraError: return untrusted(server, "\(error)")
        case let error as IOError:
            let reason = String(cString: strerror(error.errnoCode))
            let isRefusal = [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ENETDOWN].contains(error.errnoCode)
            let text = isRefusal ? "no connection to \(server): " : "the connection to \(server) was lost: "
            return FleetAPIError(.unreachable, text + reason, hint: reachHint)
        default: return FleetAPIError(.unreachable, "the connection to \(server) was lost: \(error)", hint: reachHint)
        }
    }

    private static let reachHint =
        "check that the control server runs, and that this machine's network lets through to it"

    private static func translate(_ error: HTTPClientError, _ server: String) -> FleetAPIError {
        switch error {
        case .cancelled, .requestStreamCancelled: FleetAPIError(.cancelled, "cancelled")
        case .connectTimeout:
            FleetAPIError(.unreachable, "no connection to \(server) within 10 s", hint: reachHint)
        case .tlsHandshakeTimeout:
            FleetAPIError(.unreachable, "\(server) does not answer the TLS handshake", hint: reachHint)
        case .readTimeout, .writeTimeout, .deadlineExceeded:
            FleetAPIError(.timedOut, "no complete answer from \(server) in the time given")
        default:
            FleetAPIError(
                .unreachable, "the connection to \(server) ended before the answer: \(error)", hint: reachHint)
        }
    }

    private static func translate(_ error: NIOConnectionError, _ server: String) -> FleetAPIError {
        if error.connectionErrors.isEmpty, error.dnsAError != nil || error.dnsAAAAError != nil {
            return FleetAPIError(
                .unreachable, "the host \(error.host) has no address",
                hint: "check the server's name and this machine's DNS resolver")
        }
        let reasons = error.connectionErrors.map { "\($0.target.description): \($0.error)" }
        return FleetAPIError(
            .unreachable, "no connection to \(server): \(reasons.joined(separator: "; "))", hint: reachHint)
    }

    private static func translate(_ error: NIOSSLError, _ server: String) -> FleetAPIError {
        switch error {
        case .handshakeFailed(let reason):
            // BoringSSL names the cause only in its error stack.
            let text = String(describing: reason)
            return text.contains("CERTIFICATE_VERIFY_FAILED")
                ? untrusted(server, "not issued by a known root, or expired by this machine's clock")
                : FleetAPIError(.unreachable, "the TLS handshake with \(server) failed: \(text)")
        case .unableToValidateCertificate, .noCertificateToValidate:
            return untrusted(server, "not valid for this name")
        default:
            return FleetAPIError(.unreachable, "the TLS connection to \(server) ended: \(error)", hint: reachHint)
        }
    }

    private static func untrusted(_ server: String, _ reason: String) -> FleetAPIError {
        FleetAPIError(
            .untrusted, "the TLS certificate of \(server) is not trusted: \(reason)",
            hint: "check this machine's clock and the server's name; name the root of a private CA as trust roots")
    }

    /// Scheme, host and port: a path may name a device.
    private static func origin(of url: String) -> String {
        let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: true)
        return parts.count > 1 ? "\(parts[0])//\(parts[1])" : url
    }
}
