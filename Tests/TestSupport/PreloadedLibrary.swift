/// A few lines of C that stand between a program under test and a system call (`LD_PRELOAD`).
package enum PreloadedLibrary {
    /// Each flush of a file takes a tenth of a second longer: a slow disk.
    package static let slowDisk = """
        #define _GNU_SOURCE
        #include <sys/syscall.h>
        #include <unistd.h>
        static int flush(long call, int file) { usleep(100000); return (int)syscall(call, file); }
        int fsync(int file) { return flush(SYS_fsync, file); }
        int fdatasync(int file) { return flush(SYS_fdatasync, file); }
        """

    /// There is no route to 192.0.2.0/24 (RFC 5737), whatever routes this machine has.
    package static let noRoute = """
        #define _GNU_SOURCE
        #include <arpa/inet.h>
        #include <errno.h>
        #include <netinet/in.h>
        #include <sys/syscall.h>
        #include <unistd.h>
        int connect(int socket, const struct sockaddr *address, socklen_t length) {
            const struct sockaddr_in *ip = (const struct sockaddr_in *)address;
            if (address->sa_family == AF_INET && ntohl(ip->sin_addr.s_addr) >> 8 == 0xC00002) {
                errno = ENETUNREACH;
                return -1;
            }
            return (int)syscall(SYS_connect, socket, address, length);
        }
        """

    /// Builds it.
    ///
    /// - Returns: the environment of a program that is to have it.
    package static func environment(_ code: String, in directory: TemporaryDirectory) async throws -> [String: String?]
    {
        let source = try directory.write(code, to: "preloaded.c")
        let library = directory.path("preloaded.so")
        try await Peer.require(.compiler, ["-shared", "-fPIC", "-O1", "-o", library, source])
        return ["LD_PRELOAD": library]
    }
}
