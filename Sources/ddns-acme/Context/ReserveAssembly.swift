import ACMEAsyncHTTPClient
import FleetConfiguration
import Issuance

/// Opens the CAs of `acme.fallback`, each with a way to it, trust roots and an account of its own.
enum ReserveAssembly {
    /// Lends `context` with a reserve for each of `fallbacks`; the ways to the CAs are closed when `body` ends.
    static func with<Value: Sendable>(
        _ fallbacks: ArraySlice<ACMEConfiguration.Fallback>, beside context: OperatorContext,
        _ options: CommonOptions, environment: [String: String],
        _ body: @escaping @Sendable (OperatorContext) async throws -> Value
    ) async throws -> Value {
        guard let next = fallbacks.first else { return try await body(context) }
        return try await AsyncHTTPClientTransport.withTransport(
            trustRoots: next.authority.trustRootsFile, environment: environment
        ) { transport in
            let configuration = context.configuration.asking(next.authority)
            let client = try OperatorContext.client(
                configuration, transport: transport, store: context.store, options: options)
            let reserve = OperatorContext(
                configuration: configuration, store: context.store, zones: context.zones, client: client,
                accounts: try OperatorContext.accounts(
                    configuration, client: client, store: context.store, environment: environment),
                limits: LimitsAssembly.limits(next.authority))
            var context = context
            context.reserves.append(
                AuthorityReserve(
                    issuer: reserve.issuer, profile: next.authority.profile, after: .seconds(next.after)))
            return try await with(fallbacks.dropFirst(), beside: context, options, environment: environment, body)
        }
    }
}
