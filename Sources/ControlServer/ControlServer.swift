import DNSUpdate
import FleetAPI
import FleetStore
import FoundationEssentials
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Issuance
package import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle
package import UnixSignals

/// The control server: the API over TLS, and beside it what keeps DNS and certificates as the store says.
package struct ControlServer: Sendable {
    /// Where it listens.
    package struct ListenAddress: Sendable {
        package var host: String
        /// 0: any free one.
        package var port: Int

        package init(host: String, port: Int) {
            self.host = host
            self.port = port
        }
    }

    private let services: FleetServices
    let settings: ServerSettings
    private let address: ListenAddress
    let certificate: ServerCertificateSource?
    private let logger: Logger

    /// - Parameter certificate: nil: plain HTTP, for tests and behind a proxy on the same machine.
    package init(
        services: FleetServices, settings: ServerSettings = ServerSettings(), address: ListenAddress,
        certificate: ServerCertificateSource?, logger: Logger
    ) {
        self.services = services
        self.settings = settings
        self.address = address
        self.certificate = certificate
        self.logger = logger
    }

    /// Runs until a signal or an error ends it. What is under way is finished, for as long as the settings allow.
    ///
    /// - Parameters:
    ///   - signals: which begin the shutdown.
    ///   - listening: called with the port once connections are accepted.
    package func run(
        signals: [UnixSignal] = [.sigterm, .sigint], listening: @escaping @Sendable (Int) async -> Void
    ) async throws {
        let index = DeviceIndex(store: services.store)
        try await index.refresh()
        let metrics = ServerMetrics()
        let zoneWatch = ZoneWatch(services: services, interval: settings.zoneWatchInterval, logger: logger)
        let completions = CompletionBoard()
        let sightings = SightingLog(store: services.store, logger: logger)
        let devices = DeviceAPI(
            services: services, index: index, sightings: sightings, completions: completions, metrics: metrics,
            settings: settings, logger: logger)
        let responder = APIResponder(
            endpoints: EndpointTable(endpoints(devices, zoneWatch)),
            authenticator: Authenticator(
                store: services.store, index: index, zones: services.zones, now: services.now),
            devices: devices, metrics: metrics, settings: settings, logger: logger)
        let connections = ConnectionLimitLog(metrics: metrics, logger: logger)
        try await services.store.proveWritable()
        let holder = try await certificate.asyncMap { try CertificateHolder(await $0.load()) }
        let application = Application(
            responder: responder, server: try builder(holder, responder, clientPlaces(connections)),
            configuration: ApplicationConfiguration(
                address: .hostname(address.host, port: address.port), backlog: 1_024,
                availableConnectionsDelegate: connectionLimit(connections)),
            onServerRunning: { channel in
                await restWhenExhausted(channel, connections)
                await listening(channel.localAddress?.port ?? 0)
            },
            logger: quiet)

        // Shut down in reverse: no more requests first, the record of what was seen last.
        var running: [any Service] = [sightings]
        running += maintenance(holder)
        running.append(
            PeriodicService(name: "zone watch", interval: .seconds(30), logger: logger) { try await zoneWatch.round() })
        running.append(
            CertificateService(
                services: services, completions: completions, metrics: metrics, logger: logger))
        running.append(application)
        var configuration = ServiceGroupConfiguration(
            services: running, gracefulShutdownSignals: signals, logger: quiet)
        configuration.maximumGracefulShutdownDuration = settings.shutdownPatience
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch let error as IOError {
            // Only the listening socket's come so far.
            throw ServerStartFailure(listening: "\(address.host):\(address.port)", errno: error.errnoCode)
        }
    }

    func endpoints(_ devices: DeviceAPI, _ zoneWatch: ZoneWatch) -> [Endpoint] {
        devices.endpoints
            + OperatorAPI(
                operations: FleetOperations(services: services), index: devices.index, completions: devices.completions,
                settings: settings
            ).endpoints
            + MonitoringAPI(
                services: services, index: devices.index, metrics: devices.metrics, completions: devices.completions,
                zoneWatch: zoneWatch
            ).endpoints
    }

    /// What goes on without being asked for.
    private func maintenance(_ holder: CertificateHolder?) -> [any Service] {
        let (services, logger) = (services, logger)
        let leftovers = LeftoverLog()
        let bunches = BunchLog()
        var list: [any Service] = [
            PeriodicService(name: "publication", interval: .seconds(5), logger: logger) {
                try await services.lifecycle.publishWaiting { device, error in
                    logger.warning("DNS not updated", metadata: ["device": "\(device.name)", "error": "\(error)"])
                }
            },
            PeriodicService(name: "renewal windows", interval: .seconds(30), logger: logger) {
                for (url, count) in try await services.renewals.pollWindows() {
                    logger.warning(
                        "the CA has moved renewal windows, and explains it",
                        metadata: ["explanation": "\(DeviceName.quoted(url))", "certificates": "\(count)"])
                }
                guard let bunch = bunches.news(services.renewals.busiestHour, at: services.now()) else { return }
                logger.warning(
                    "renewals bunch",
                    metadata: [
                        "hour": "\(bunch.hour.formatted(.iso8601))", "renewals": "\(bunch.count)",
                        "mean": "\(Int(bunch.mean.rounded()))", "remedy": "\(RenewalCalendar.remedy)",
                    ])
            },
            PeriodicService(name: "renewals", interval: .seconds(15), logger: logger) {
                let count = try await services.renewals.renewForAbsent()
                if count > 0 { logger.info("renewals due", metadata: ["devices": "\(count)"]) }
            },
            PeriodicService(name: "sweep", interval: .seconds(300), logger: logger) {
                try await services.store.pruneRateLimits()
                for remainder in leftovers.news(try await services.sweeper.sweep()) {
                    logger.warning("challenge not withdrawn", metadata: ["detail": "\(remainder)"])
                }
            },
        ]
        list.append(CertificateReload(source: certificate, holder: holder, logger: logger))
        return list
    }

    private func builder(_ holder: CertificateHolder?, _ responder: APIResponder, _ places: ClientPlaces?) throws
        -> HTTPServerBuilder
    {
        let settings = settings
        let patience = ConnectionPatience(
            usual: TimeAmount(settings.idleTimeout), crowded: TimeAmount(settings.crowdedIdleTimeout),
            crowd: settings.connectionLimit / 4 * 3)
        // The framework's own limit for idle connections is not used: it does not see the check-ins of the lane.
        let configuration = HTTP1Channel.Configuration(
            additionalChannelHandlers: [
                DecoderNeighbours(
                    ConnectionGuard(
                        patience: patience,
                        bodyTime: { head in
                            let isImport = head.uri.hasPrefix(Route.deviceImport.rawValue)
                            return TimeAmount(isImport ? settings.importTimeout : settings.bodyTimeout)
                        },
                        answerTime: TimeAmount(settings.answerTimeout)
                    ) { status in
                        responder.metrics.record(method: "none", route: nil, status: status, duration: .zero)
                    },
                    CheckInLane { responder.promptAnswer(to: $0, over: $1) })
            ] + Self.placeHandlers(places),
            httpDecoderConfiguration: HTTP1Channel.Configuration.DecoderConfiguration(
                maxHeaderFieldSize: settings.headerLimit, maxHeaderListSize: settings.headerLimit,
                maxHeaderFieldCount: settings.headerCountLimit))
        let http = HTTPServerBuilder { framework in
            LoopBoundChannel(HTTP1Channel(responder: framework, configuration: configuration))
        }
        guard let holder else { return http }
        return try .tls(http, tlsConfiguration: holder.configuration())
    }

    private var quiet: Logger { FrameworkLog.logger(logger) }
}

extension Optional {
    fileprivate func asyncMap<Result>(_ body: (Wrapped) async throws -> Result) async throws -> Result? {
        guard let self else { return nil }
        return try await body(self)
    }
}
