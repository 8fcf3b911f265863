import TestSupport
import Testing

@testable import ControlServer
@testable import DNSUpdate

@Suite("/metrics names the name servers that challenges wait for")
struct PropagationMetricsTests {
    @Test("one sample for each server, with how many wait and for how long; none where nobody waits")
    func samples() throws {
        let zone = try DomainName("devices.example.com")
        var text = PrometheusText()
        text.write([
            PropagationWatch.Laggard(
                zone: zone, server: try DNSEndpoint("192.0.2.2:53"), serial: nil, waiting: 7, lag: .milliseconds(2_500)),
            PropagationWatch.Laggard(
                zone: zone, server: try DNSEndpoint("192.0.2.1:53"), serial: SerialNumber(rawValue: 4), waiting: 1,
                lag: .seconds(4)),
        ])
        let lines = text.text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init)
        func labels(_ host: Int) -> String { "{zone=\"devices.example.com\",server=\"192.0.2.\(host):53\"}" }
        #expect(
            lines == [
                "ddns_acme_propagation_waiting\(labels(1)) 1", "ddns_acme_propagation_waiting\(labels(2)) 7",
                "ddns_acme_propagation_lag_seconds\(labels(1)) 4", "ddns_acme_propagation_lag_seconds\(labels(2)) 2.5",
            ])
        var empty = PrometheusText()
        empty.write([PropagationWatch.Laggard]())
        #expect(empty.text.split(separator: "\n").allSatisfy { $0.hasPrefix("#") })
    }
}
