import TestSupport

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A client without manners: sends octets as they are, slowly, too many, or not at all.
enum RawHTTP {
    /// What came back on a connection.
    struct Outcome: Decodable, Sendable {
        /// All that was received, octets as Latin-1.
        let answer: String
        /// Whether the server ended the connection.
        let closed: Bool
        let seconds: Double

        var status: Int? { answer.split(separator: " ").dropFirst().first.flatMap { Int($0) } }
        /// Status lines in it; two for one request would be response splitting.
        var answers: Int { answer.ranges(of: "HTTP/1.1 ").count }
    }

    /// What became of a crowd of silent connections, and of who asked meanwhile.
    struct Crowd: Decodable, Sendable {
        let opened: Int
        /// Statuses of the requests made beside them.
        let statuses: [Int]
        let slowest: Double
    }

    /// Sends each of `requests` on a connection of its own.
    static func send(_ requests: [String], port: Int) async throws -> [Outcome] {
        try await run(["send", "\(port)"], requests)
    }

    /// Sends each an octet a second for as long as the server lets it, all at once.
    /// - Parameter requests: what comes before `{now}` is sent at once; one that ends in `{read}` is sent at once, again and again, and its answers are not read.
    static func drip(_ requests: [String], port: Int, atMost seconds: Int) async throws -> [Outcome] {
        try await run(["drip", "\(port)", "\(seconds)"], requests)
    }

    /// Opens `count` connections that say nothing, and sends `request` on others, ten times.
    static func crowd(_ count: Int, request: String, port: Int) async throws -> Crowd {
        let found: [Crowd] = try await run(["crowd", "\(port)", "\(count)"], [request])
        guard let crowd = found.first else { throw TestFailure("no outcome") }
        return crowd
    }

    private static func run<Value: Decodable & Sendable>(_ arguments: [String], _ requests: [String]) async throws
        -> [Value]
    {
        let input = requests.map { request in
            request.utf8.map { octet in
                let digits = String(octet, radix: 16)
                return digits.count == 1 ? "0" + digits : digits
            }.joined()
        }
        let output = try await Peer.require(
            .python, ["-c", script] + arguments, input: input.joined(separator: "\n") + "\n")
        return try JSONDecoder().decode([Value].self, from: Data(output.standardOutput.utf8))
    }

    private static let script = ##"""
        import json, resource, select, socket, sys, threading, time

        mode, port = sys.argv[1], int(sys.argv[2])
        requests = [bytes.fromhex(line.strip()) for line in sys.stdin if line.strip()]

        def connect():
            connection = socket.create_connection(("127.0.0.1", port), 10)
            connection.settimeout(10)
            return connection

        def is_whole(answer):
            head, separator, body = answer.partition(b"\r\n\r\n")
            if not separator:
                return False
            for line in head.split(b"\r\n")[1:]:
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    return len(body) >= int(value)
            return False

        # Reads to the end of an answer, then a little longer: whether more comes, or the end.
        def read(connection):
            answer, closed = b"", False
            try:
                while not closed:
                    if is_whole(answer):
                        connection.settimeout(3)
                    part = connection.recv(65536)
                    closed = not part
                    answer += part
            except socket.timeout:
                pass
            except OSError:
                closed = True
            return answer.decode("latin-1"), closed

        def send(request):
            start = time.monotonic()
            with connect() as connection:
                try:
                    connection.sendall(request)
                except OSError:
                    pass
                answer, closed = read(connection)
            return dict(answer=answer, closed=closed, seconds=time.monotonic() - start)

        # Whether the server still has its end of the connection open, as its kernel tells. What the kernels hold between
        # the two would hide the end from who only reads.
        def is_held(connection):
            ports = ":%04X" % connection.getpeername()[1], ":%04X" % connection.getsockname()[1]
            with open("/proc/net/tcp") as table:
                for line in list(table)[1:]:
                    fields = line.split()
                    if fields[1].endswith(ports[0]) and fields[2].endswith(ports[1]):
                        return fields[3] == "01"
            return False

        def drip(request, limit):
            start = time.monotonic()
            connection = connect()
            answer, closed = b"", False
            if b"{now}" in request:
                now, _, request = request.partition(b"{now}")
                connection.sendall(now)
            octets = iter(request)
            unread = request.endswith(b"{read}")
            if unread:
                # More answers than the buffers of both kernels hold.
                request = request[: -len(b"{read}")] * 300
                connection.setblocking(False)
            while not closed and time.monotonic() - start < limit:
                try:
                    if unread:
                        try:
                            connection.send(request)
                        except BlockingIOError:
                            pass
                        time.sleep(1)
                        closed = not is_held(connection)
                        continue
                    octet = next(octets, None)
                    if octet is not None:
                        connection.sendall(bytes([octet]))
                    if select.select([connection], [], [], 1)[0]:
                        part = connection.recv(65536)
                        closed = not part
                        answer += part
                except socket.timeout:
                    break
                except OSError:
                    closed = True
            connection.close()
            return dict(answer=answer.decode("latin-1"), closed=closed, seconds=time.monotonic() - start)

        def crowd(count, request):
            resource.setrlimit(resource.RLIMIT_NOFILE, (count + 100, max(count + 100, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
            silent = [connect() for _ in range(count)]
            statuses, slowest = [], 0.0
            for _ in range(10):
                start = time.monotonic()
                with connect() as connection:
                    connection.sendall(request)
                    answer = b""
                    while not is_whole(answer):
                        part = connection.recv(65536)
                        if not part:
                            break
                        answer += part
                statuses.append(int(answer.split(b" ")[1]))
                slowest = max(slowest, time.monotonic() - start)
            # Those that the server has ended already would be readable.
            poll = select.poll()
            for connection in silent:
                poll.register(connection, select.POLLIN)
            opened = count - len(poll.poll(0))
            return dict(opened=opened, statuses=statuses, slowest=slowest)

        def at_once(work):
            results = [None] * len(requests)
            def one(index):
                results[index] = work(requests[index])
            threads = [threading.Thread(target=one, args=(index,)) for index in range(len(requests))]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            return results

        if mode == "crowd":
            results = [crowd(int(sys.argv[3]), requests[0])]
        elif mode == "drip":
            results = at_once(lambda request: drip(request, int(sys.argv[3])))
        else:
            results = at_once(send)
        print(json.dumps(results))
        """##
}
