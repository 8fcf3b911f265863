import FoundationEssentials
import Glibc

/// Other people's programs. `scripts/bench` installs them; what is not there is not measured.
enum Peer {
    static var dnsperf: String? { path("dnsperf") }
    static var lego: String? { path("lego") }
    static var certbot: String? { path("certbot") }
    static var valgrind: String? { path("valgrind") }
    static var taskset: String? { path("taskset") }

    private static func path(_ name: String) -> String? {
        var folders: [Substring] = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        folders.append("/usr/sbin")
        for folder in folders {
            let path = "\(folder)/\(name)"
            if access(path, X_OK) == 0 { return path }
        }
        return nil
    }
}
