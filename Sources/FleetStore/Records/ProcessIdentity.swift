/// Which process of which machine: enough to tell, on that machine, whether it still runs.
package struct ProcessIdentity: Sendable, Hashable {
    /// The machine's name, for messages.
    package let hostName: String
    /// The machine's lasting identity (`/etc/machine-id`, else its name).
    package let machineID: String
    /// Changes with every boot of the kernel.
    package let bootID: String
    /// The PID namespace the process ID belongs to; containers have their own.
    package let namespaceID: String
    package let processID: Int32
    /// When the process started, in clock ticks since boot: tells it from a later one that got the same ID.
    package let startTicks: Int64

    package init(
        hostName: String, machineID: String, bootID: String, namespaceID: String, processID: Int32, startTicks: Int64
    ) {
        self.hostName = hostName
        self.machineID = machineID
        self.bootID = bootID
        self.namespaceID = namespaceID
        self.processID = processID
        self.startTicks = startTicks
    }
}
