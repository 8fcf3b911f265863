# shellcheck shell=bash disable=SC2154 # sourced after common.sh, which sets $peers
# A BIND primary and an ACME CA (pebble) on 127.0.0.1, in a folder of their own, for as long as the script runs.

pids=()

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

# start_named ZONE PORT [STATISTICS_PORT]: serves the zone from $folder/$zone.zone to be updated with the key in
# $folder/tsig.key; counts what it is asked at http://127.0.0.1:STATISTICS_PORT/.
start_named() {
    local zone=$1 port=$2 statistics=${3:-} named
    named=$(PATH=$PATH:/usr/sbin command -v named)
    # AppArmor confines /usr/sbin/named, by its path, to /etc/bind and /var: a copy may read this folder.
    if grep -qs Y /sys/module/apparmor/parameters/enabled; then
        cp "$named" "$folder/named"
        named=$folder/named
    fi
    cat >"$folder/named.conf" <<CONFIGURATION
include "$folder/tsig.key";
options {
    directory "$folder";
    listen-on port $port { 127.0.0.1; };
    listen-on-v6 { none; };
    pid-file none; lock-file none; session-keyfile none;
    recursion no;
    notify-delay 0;
};
controls { };
${statistics:+statistics-channels { inet 127.0.0.1 port $statistics; \};}
zone "$zone" {
    type primary;
    file "$zone.zone";
    update-policy { grant "ddns-acme" zonesub A AAAA TXT; };
};
CONFIGURATION
    cat >"$folder/$zone.zone" <<ZONE
\$TTL 60
@   IN SOA ns1.$zone. hostmaster.$zone. ( 1 3600 600 86400 60 )
    IN NS  ns1.$zone.
ns1 IN A   127.0.0.1
ZONE
    "$named" -f -L "$folder/named.log" -c "$folder/named.conf" </dev/null >"$folder/named.out" 2>&1 &
    pids+=($!)
    wait_for $! "$folder/named.log" zone_is_served "$zone" "$port"
}

zone_is_served() {
    dig -r +short +tries=1 +time=1 -p "$2" @127.0.0.1 "$1" SOA | grep -q .
}

# start_pebble PORT MANAGEMENT_PORT DNS_PORT: the CA; $folder/ca.pem then holds the root of its HTTPS certificate.
start_pebble() {
    local port=$1 management=$2 dns=$3
    make_certificate
    cat >"$folder/pebble.json" <<CONFIGURATION
{ "pebble": {
    "listenAddress": "127.0.0.1:$port", "managementListenAddress": "127.0.0.1:$management",
    "certificate": "$folder/cert.pem", "privateKey": "$folder/key.pem", "httpPort": 5002, "tlsPort": 5001,
    "ocspResponderURL": "", "externalAccountBindingRequired": false, "keyAlgorithm": "ecdsa",
    "retryAfter": { "authz": 1, "order": 1 },
    "profiles": { "default": { "description": "Ninety days", "validityPeriod": 7776000 } } } }
CONFIGURATION
    PEBBLE_VA_NOSLEEP=1 "$peers/pebble/usr/bin/pebble" -strict -config "$folder/pebble.json" \
        -dnsserver "127.0.0.1:$dns" </dev/null >"$folder/pebble.log" 2>&1 &
    pids+=($!)
    wait_for $! "$folder/pebble.log" from_pebble "https://127.0.0.1:$port/dir"
    # The root of what it issues is another one, new at each start.
    from_pebble "https://127.0.0.1:$management/roots/0" >"$folder/issuing-root.pem"
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
