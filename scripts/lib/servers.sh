# shellcheck shell=bash disable=SC2154 # sourced after common.sh, which sets $peers
# A BIND primary, a secondary and an ACME CA (pebble) on 127.0.0.1, in a folder of their own, for as long as the script runs.

pids=()
pebble_profiles='"default": { "description": "Ninety days", "validityPeriod": 7776000 }'

# Ends what was started here, by pid, and removes the folder.
stop_servers() {
    local pid
    for pid in "${pids[@]}"; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    pids=()
    [ -z "${folder:-}" ] || rm -rf "$folder"
}

# Prints ports that are free for UDP and TCP, from below the kernel's range for outgoing connections.
free_ports() {
    /usr/bin/python3 - "$1" <<'PYTHON'
import random, socket, sys

def free(port):
    try:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(socket.AF_INET, kind) as probe:
                probe.bind(("127.0.0.1", port))
        return True
    except OSError:
        return False

candidates = random.sample(range(12000, 32000), 2000)
print(*[port for port in candidates if free(port)][: int(sys.argv[1])])
PYTHON
}

# wait_for PID LOG COMMAND...: until the command succeeds; fails when the process ends or after 20 seconds.
wait_for() {
    local pid=$1 log=$2
    shift 2
    for _ in $(seq 200); do
        if "$@" >/dev/null 2>&1; then return; fi
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    tail -n 20 "$log" >&2
    fail "a server did not come up; the end of its log is above"
}

# start_named ZONE PORT [STATISTICS_PORT [SECONDARY_PORT]]: serves the zone from $folder/$zone.zone to be updated with the
# key in $folder/tsig.key; counts what it is asked at http://127.0.0.1:STATISTICS_PORT/; tells the secondary of each change.
start_named() {
    local zone=$1 port=$2 statistics=${3:-} secondary=${4:-} notify="notify no;"
    [ -z "$secondary" ] || notify="notify explicit; also-notify { 127.0.0.1 port $secondary; };"
    named_options "$port" >"$folder/named.conf"
    cat >>"$folder/named.conf" <<CONFIGURATION
include "$folder/tsig.key";
${statistics:+statistics-channels { inet 127.0.0.1 port $statistics; \};}
CONFIGURATION
    add_zone "$zone" "$notify"
    run_named named "$zone" "$port"
}

# add_zone ZONE NOTIFY_STATEMENTS: to be updated with the key, in the configuration of the next named.
add_zone() {
    local zone=$1
    cat >>"$folder/named.conf" <<CONFIGURATION
zone "$zone" {
    type primary;
    file "$zone.zone";
    update-policy { grant "ddns-acme" zonesub A AAAA TXT; };
    $2
};
CONFIGURATION
    cat >"$folder/$zone.zone" <<ZONE
\$TTL 60
@   IN SOA ns1.$zone. hostmaster.$zone. ( 1 3600 600 86400 60 )
    IN NS  ns1.$zone.
ns1 IN A   127.0.0.1
ZONE
}

# start_secondary ZONE PORT PRIMARY_PORT
start_secondary() {
    local zone=$1 port=$2 primary=$3
    named_options "$port" >"$folder/secondary.conf"
    cat >>"$folder/secondary.conf" <<CONFIGURATION
zone "$zone" {
    type secondary;
    file "$zone.secondary";
    primaries { 127.0.0.1 port $primary; };
    notify no;
};
CONFIGURATION
    run_named secondary "$zone" "$port"
}

named_options() {
    cat <<CONFIGURATION
options {
    directory "$folder";
    listen-on port $1 { 127.0.0.1; };
    listen-on-v6 { none; };
    pid-file none; lock-file none; session-keyfile none;
    recursion no;
    allow-transfer { 127.0.0.1; };
    notify-delay 0;
};
controls { };
CONFIGURATION
}

# run_named NAME ZONE PORT: with $folder/NAME.conf, until it serves the zone.
run_named() {
    local name=$1 zone=$2 port=$3 named
    named=$(PATH=$PATH:/usr/sbin command -v named)
    # AppArmor confines /usr/sbin/named, by its path, to /etc/bind and /var: a copy may read this folder.
    if grep -qs Y /sys/module/apparmor/parameters/enabled; then
        [ -e "$folder/named" ] || cp "$named" "$folder/named"
        named=$folder/named
    fi
    "$named" -f -L "$folder/$name.log" -c "$folder/$name.conf" </dev/null >"$folder/$name.out" 2>&1 &
    pids+=($!)
    wait_for $! "$folder/$name.log" zone_is_served "$zone" "$port"
}

zone_is_served() {
    dig -r +short +tries=1 +time=1 -p "$2" @127.0.0.1 "$1" SOA | grep -q .
}

# start_pebble PORT MANAGEMENT_PORT DNS_PORT [SECONDS]: the CA, which asks for pauses of so many seconds (1 unless told; 0:
# of none); $folder/ca.pem then holds the root of its HTTPS certificate.
start_pebble() {
    local port=$1 management=$2 dns=$3
    configure_pebble "$port" "$management" "${4:-1}"
    PEBBLE_VA_NOSLEEP=1 "$peers/pebble/usr/bin/pebble" -strict -config "$folder/pebble.json" \
        -dnsserver "127.0.0.1:$dns" </dev/null >"$folder/pebble.log" 2>&1 &
    pids+=($!)
    wait_for $! "$folder/pebble.log" from_pebble "https://127.0.0.1:$port/dir"
    # The root of what it issues is another one, new at each start.
    from_pebble "https://127.0.0.1:$management/roots/0" >"$folder/issuing-root.pem"
}

# configure_pebble PORT MANAGEMENT_PORT SECONDS: writes $folder/pebble.json and what it names.
configure_pebble() {
    local port=$1 management=$2 pause=$3
    make_certificate
    cat >"$folder/pebble.json" <<CONFIGURATION
{ "pebble": {
    "listenAddress": "127.0.0.1:$port", "managementListenAddress": "127.0.0.1:$management",
    "certificate": "$folder/cert.pem", "privateKey": "$folder/key.pem", "httpPort": 5002, "tlsPort": 5001,
    "ocspResponderURL": "", "externalAccountBindingRequired": false, "keyAlgorithm": "ecdsa",
    "retryAfter": { "authz": $pause, "order": $pause },
    "profiles": { $pebble_profiles } } }
CONFIGURATION
}

# start_acme_without_windows PORT PEBBLE_PORT: the same CA at another port, as one of those that know no renewal windows
# (RFC 9773). The windows of pebble are two days wide: a certificate of minutes is due in them from its first second.
start_acme_without_windows() {
    /usr/bin/python3 - "$1" "$2" "$folder" <<'PYTHON' >"$folder/acme.log" 2>&1 &
import http.client, http.server, json, ssl, sys

port, pebble, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
trust = ssl.create_default_context(cafile=folder + "/ca.pem")


class Relay(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def relay(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        # With the Host of the request: pebble makes its URLs from it.
        ca = http.client.HTTPSConnection("127.0.0.1", pebble, context=trust)
        ca.request(self.command, self.path, body, dict(self.headers))
        answer = ca.getresponse()
        content = answer.read()
        ca.close()
        if self.path == "/dir":
            content = json.dumps({k: v for k, v in json.loads(content).items() if k != "renewalInfo"}).encode()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = relay

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Relay)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(folder + "/cert.pem", folder + "/key.pem")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
PYTHON
    pids+=($!)
    wait_for $! "$folder/acme.log" from_pebble "https://127.0.0.1:$1/dir"
}

from_pebble() {
    curl -sSf --noproxy '*' --cacert "$folder/ca.pem" "$1"
}

# A CA and its certificate for 127.0.0.1, made now and gone with the folder.
make_certificate() {
    cat >"$folder/openssl.cnf" <<CONFIGURATION
[req]
distinguished_name = name
prompt = no
[name]
CN = ddns-acme quick start
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost, IP:127.0.0.1
CONFIGURATION
    local request=(openssl req -x509 -config "$folder/openssl.cnf" -days 30 -newkey ec
        -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
    quietly "${request[@]}" -extensions ca -subj "/CN=ddns-acme quick start CA" \
        -keyout "$folder/ca.key" -out "$folder/ca.pem"
    quietly "${request[@]}" -extensions server -CA "$folder/ca.pem" -CAkey "$folder/ca.key" \
        -keyout "$folder/key.pem" -out "$folder/cert.pem"
}
