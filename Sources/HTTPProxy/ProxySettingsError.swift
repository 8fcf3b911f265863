/// A proxy is set that cannot be used.
package struct ProxySettingsError: Error, Hashable, Sendable, CustomStringConvertible {
    package let message = "HTTPS_PROXY is not a proxy that can be used"
    package let hint = "give it as http://host:port; proxies reached by TLS or SOCKS are not supported"

    package var description: String { message }
}
