import DNSUpdate
import FleetAPI
import FleetStore
import FoundationEssentials
import Issuance

/// The routes that need no credential: they say nothing about any device.
struct MonitoringAPI: Sendable {
    let services: FleetServices
    let index: DeviceIndex
    let metrics: ServerMetrics
    let completions: CompletionBoard
    let zoneWatch: ZoneWatch
    /// To count the fleet takes the longer the larger it is, and whoever asks needs no credential.
    private let census = Remembered<Result<FleetCensus, FleetStoreError>>(for: .seconds(5))
    /// Each costs a commit.
    private let writing = Remembered<Result<Void, FleetStoreError>>(for: .seconds(10))

    init(
        services: FleetServices, index: DeviceIndex, metrics: ServerMetrics, completions: CompletionBoard,
        zoneWatch: ZoneWatch
    ) {
        self.services = services
        self.index = index
        self.metrics = metrics
        self.completions = completions
        self.zoneWatch = zoneWatch
    }

    var endpoints: [Endpoint] {
        [
            Endpoint(.get, .health, .anybody) { _ in Self.plain("ok\n") },
            Endpoint(.get, .readiness, .anybody, readiness),
            Endpoint(.get, .metrics, .anybody, metricsPage),
            Endpoint(.get, .openAPI, .anybody) { _ in
                APIAnswer(status: 200, contentType: MediaType.json, body: PackageResources.openapi_json)
            },
        ]
    }

    /// Ready means that devices can be served: the store answers and takes what is written. DNS and CA may be down; that is
    /// told request by request.
    private func readiness(_ request: APIRequest) async throws -> APIAnswer {
        do {
            try await index.refresh()
            let store = services.store
            try await writing.value {
                do throws(FleetStoreError) { return .success(try await store.proveWritable()) } catch {
                    return .failure(error)
                }
            }.get()
            return Self.plain("ready\n")
        } catch let error as FleetStoreError where error.isForWantOfRoom {
            throw APIProblem(error)
        } catch {
            throw APIProblem(.overloaded, "the store does not answer", retryAfter: .seconds(5))
        }
    }

    private func metricsPage(_ request: APIRequest) async throws -> APIAnswer {
        var text = PrometheusText()
        metrics.write(to: &text)
        zoneWatch.write(to: &text)
        text.write(services.zones.propagation.laggards)
        text.family("ddns_acme_enrolled_devices", .gauge, "Devices that have a credential.")
        text.sample("ddns_acme_enrolled_devices", [], Double(index.deviceCount))
        let (store, now) = (services.store, services.now())
        let census = try await self.census.value {
            do throws(FleetStoreError) { return .success(try await store.census(at: now)) } catch {
                return .failure(error)
            }
        }.get()
        text.family("ddns_acme_devices", .gauge, "Devices by state.")
        for state in Device.State.allCases {
            text.sample("ddns_acme_devices", [("state", state.rawValue)], Double(census.devices[state] ?? 0))
        }
        text.family("ddns_acme_certificate_requests_waiting", .gauge, "Certificate requests not worked off.")
        text.sample("ddns_acme_certificate_requests_waiting", [], Double(census.requestsWaiting))
        text.family("ddns_acme_certificate_requests_failing", .gauge, "Those of them whose last attempt failed.")
        text.sample("ddns_acme_certificate_requests_failing", [], Double(census.requestsFailing))
        text.family("ddns_acme_certificates_due", .gauge, "Certificates whose renewal instant has passed.")
        text.sample("ddns_acme_certificates_due", [], Double(census.certificatesDue))
        if let busiest = services.renewals.busiestHour {
            text.family("ddns_acme_renewals_busiest_hour", .gauge, "Renewals planned for the busiest hour ahead.")
            text.sample("ddns_acme_renewals_busiest_hour", [], Double(busiest.count))
            text.family("ddns_acme_renewals_mean_hour", .gauge, "Renewals planned for an hour on average.")
            text.sample("ddns_acme_renewals_mean_hour", [], busiest.mean)
        }
        return APIAnswer(status: 200, contentType: PrometheusText.mediaType, body: Array(text.text.utf8))
    }

    private static func plain(_ text: String) -> APIAnswer {
        APIAnswer(status: 200, contentType: "text/plain; charset=utf-8", body: Array(text.utf8))
    }
}
