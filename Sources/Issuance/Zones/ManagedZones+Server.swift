extension ManagedZones {
    /// Whether it is one of the control server's own names, in lower case. Whoever speaks for one of them can take each
    /// device's credential, so they are an operator's alone.
    package func isServer(_ name: String) -> Bool { name == serverName || reserved.isControlServer(name) }

    /// Whether a wildcard of the device would be good for the server's own name (RFC 9525 §6.3: one label).
    func wildcardCoversServer(of device: String) -> Bool {
        guard let serverName, let dot = serverName.firstIndex(of: ".") else { return false }
        return serverName[serverName.index(after: dot)...] == device
    }

    /// - Throws: `nameTaken` for the server's own name.
    func refuseServer(_ name: DeviceName) throws(IssuanceError) {
        guard isServer(name.description) else { return }
        throw IssuanceError(
            .nameTaken, "\(name) is the control server's own name", hints: ["choose another name for the device"])
    }
}
