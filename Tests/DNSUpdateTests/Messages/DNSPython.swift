import TestSupport
import Testing

@testable import DNSUpdate

/// dnspython, an implementation of messages and TSIG that shares no code with ours.
///
/// Each call runs the script once: one command a line in, one answer a line out. An exception is an answer too, so that
/// a refusal by dnspython can be expected.
enum DNSPython {
    static func run(_ commands: [String]) async throws -> [String] {
        let output = try await Peer.require(.python, ["-c", script], input: commands.joined(separator: "\n") + "\n")
        guard output.lines.count == commands.count else { throw TestFailure("\(output)") }
        return output.lines
    }

    /// How dnspython is told of a key.
    static func arguments(_ key: TSIGKey) -> String {
        "\(key.name.absoluteText) \(key.algorithm.wireName) \(key.secret.bytes.hex)"
    }

    private static let script = ##"""
        import socket, struct, sys
        import dns.message, dns.name, dns.rcode, dns.tsig, dns.update, dns.rdata, dns.rrset

        def key(name, algorithm, secret):
            return dns.tsig.Key(name, bytes.fromhex(secret), algorithm)

        def text(message):
            message.id = 0
            return message.to_text().replace("\n", "|")

        # text HEX: what the message says
        def show(wire):
            return text(dns.message.from_wire(bytes.fromhex(wire)))

        # verify HEX KEY: checks a request's signature
        def verify(wire, *k):
            message = dns.message.from_wire(bytes.fromhex(wire), keyring=key(*k))
            tsig = message.tsig[0]
            return f"{message.had_tsig} {tsig.mac.hex()} {tsig.original_id} {tsig.fudge}"

        # answer HEX ID FUDGE ERROR OTHER KEY: a signed answer to a signed request; with an ID, as a forwarder changes it
        def answer(wire, header_id, fudge, error, other, *k):
            request = dns.message.from_wire(bytes.fromhex(wire), keyring=key(*k))
            response = dns.message.make_response(request, fudge=int(fudge), tsig_error=int(error))
            if int(error):
                response.use_tsig(key(*k), None, int(fudge), None, int(error),
                                  b"" if other == "-" else bytes.fromhex(other))
            signed = bytearray(response.to_wire())
            if header_id != "-":
                signed[0:2] = bytes.fromhex(header_id)
            return signed.hex()

        # form NAME: an update that dnspython builds
        def form(name):
            update = dns.update.UpdateMessage("example.")
            forms = {
                "nameInUse": lambda: update.present("a"),
                "nameNotInUse": lambda: update.absent("a"),
                "rrsetExists": lambda: update.present("a", "TXT"),
                "rrsetAbsent": lambda: update.absent("a", "AAAA"),
                "rrsetEquals": lambda: update.present("a", "TXT", '"one"', '"two"'),
                "add": lambda: update.add("a", 60, "A", "10.0.0.5"),
                "addTXT": lambda: update.add("_acme-challenge.a", 60, "TXT", '"v1"'),
                "addSOA": lambda: update.add("@", 60, "SOA", "ns.example. h.example. 4 3 2 1 0"),
                "addCAA": lambda: update.add("@", 60, "CAA", '0 issue "ca.example"'),
                "deleteRRset": lambda: update.delete("a", "AAAA"),
                "deleteName": lambda: update.delete("a"),
                "deleteRecord": lambda: update.delete("a", "TXT", '"v1"'),
            }
            forms[name]()
            return text(dns.message.from_wire(update.to_wire()))

        # records: an answer with every kind of data
        def records():
            lines = ["A 10.0.0.5", "AAAA fd00::5", "NS ns.example.", "CNAME c.example.", "DNAME d.example.",
                     "SOA ns.example. h.example. 4 3 2 1 0", 'TXT "one" "two"', 'CAA 128 issue "ca.example"',
                     "MX 10 mx.example.", r"TYPE65280 \# 3 010203"]
            response = dns.message.from_text("id 1\nopcode QUERY\nflags QR AA\n;QUESTION\nexample. IN ANY\n;ANSWER\n"
                                             + "\n".join(f"r{i}.example. 60 IN {l}" for i, l in enumerate(lines)))
            response.use_edns(0, 0, 1232)
            return response.to_wire().hex()

        # exchange PORT HEX: sends a message to 127.0.0.1 over TCP, for what comes back
        def exchange(port, wire):
            message = bytes.fromhex(wire)
            with socket.create_connection(("127.0.0.1", int(port)), 30) as connection:
                connection.sendall(struct.pack("!H", len(message)) + message)
                stream = connection.makefile("rb")
                return stream.read(struct.unpack("!H", stream.read(2))[0]).hex()

        commands = {"exchange": exchange, "text": show, "verify": verify, "answer": answer, "form": form, "records": records}
        for line in sys.stdin:
            command, *arguments = line.split()
            try:
                print(commands[command](*arguments))
            except Exception as error:
                print("!" + type(error).__name__)
        """##
}
