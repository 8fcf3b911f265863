import ACME
import CertificateFiles
import DNSUpdate
import FleetStore

extension CheckStep {
    /// The message and the hints of any failure of the modules below, a line each.
    package static func explanation(of failure: any Error) -> (message: String, hints: [String]) {
        switch failure {
        case let failure as IssuanceError: (failure.message, failure.hints)
        case let failure as UpdateFailure: (failure.message, lines(failure.hint))
        case let failure as LookupFailure: (failure.message, lines(failure.hint))
        case let failure as TransferFailure: (failure.message, [failure.hint])
        case let failure as PropagationFailure: (failure.message, lines(failure.hint))
        case let failure as ServerAddressError: (failure.message, lines(failure.hint))
        case let failure as TSIGKeyFileError: (failure.message, lines(failure.hint))
        case let failure as TSIGKeyError: (failure.message, lines(failure.hint))
        case let failure as ACMEError:
            (failure.message, lines(failure.hint ?? "") + (failure.link.map { ["see \($0)"] } ?? []))
        case let failure as FleetStoreError: (failure.message, lines(failure.hint))
        case let failure as CertificateFilesError: (failure.message, lines(failure.hint ?? ""))
        default: ("\(failure)", [])
        }
    }

    private static func lines(_ text: String) -> [String] { text.split(separator: "\n").map(String.init) }
}
