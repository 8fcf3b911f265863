"""How schemathesis gets past the gates of the control server: credentials of the kind that each route wants, and now and
then a name that exists and a certificate request that fits, since random ones lead no further than the first check."""

import base64
import json
import os
import random as seeded
import subprocess
import threading
import urllib.request

import schemathesis

URL = os.environ["FUZZ_URL"]
# Lines of: ROLE TOKEN. Those that are listed are never revoked by the run itself.
TOKENS = [line.split() for line in open(os.environ["FUZZ_TOKENS"]) if line.strip()]
OPERATORS = [token for role, token in TOKENS if role == "operator"]
ISSUERS = [token for role, token in TOKENS if role == "issue"]
ENROLLERS = [token for role, token in TOKENS if role == "enroll"]
DEVICES = 24

# Not the module's own generator, which the fuzzer sets to the same seed again and again.
random = seeded.SystemRandom()
lock = threading.Lock()
devices = []


def enroll():
    request = urllib.request.Request(
        URL + "/v1/enroll", b"{}", {"Authorization": "Bearer " + random.choice(ENROLLERS), "Content-Type": "application/json"}
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request) as answer:
        enrolled = json.load(answer)
    return enrolled["name"], enrolled["credential"], csr(enrolled["name"])


def csr(name):
    command = ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "/dev/null"]
    return subprocess.run(
        command + ["-subj", "/", "-addext", "subjectAltName=DNS:" + name], check=True, capture_output=True, text=True
    ).stdout


def device():
    """One of a few; now and then a new one takes the place of one that may have been removed meanwhile."""
    with lock:
        if len(devices) < DEVICES:
            devices.append(enroll())
        elif random.random() < 0.02:
            devices[random.randrange(DEVICES)] = enroll()
        return random.choice(devices)


def kind(case):
    security = case.operation.definition.raw.get("security") or [{}]
    return next(iter(security[0]), None)


def authorization(case):
    """Another one each time: each has a rate limit of its own."""
    wanted = kind(case)
    if wanted == "deviceCredential":
        return device()[1]
    if wanted == "enrollmentToken":
        return random.choice(ENROLLERS)
    if wanted == "accessToken":
        return random.choice(ISSUERS if random.random() < 0.1 else OPERATORS)
    return None


@schemathesis.serializer("text/csv", "application/jsonl", "application/pkcs10", "application/x-pem-file")
def as_it_is(context, value):
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@schemathesis.hook
def before_call(context, case, kwargs):
    case.headers = case.headers if case.headers is not None else {}
    secret = authorization(case)
    if secret:
        case.headers["Authorization"] = "Bearer " + secret
    if "name" in (case.path_parameters or {}) and random.random() < 0.5:
        case.path_parameters["name"] = device()[0]
    # The run would saw off the branch that it sits on.
    if "id" in (case.path_parameters or {}) and str(case.path_parameters["id"]).isdigit():
        if int(case.path_parameters["id"]) <= len(TOKENS):
            case.path_parameters["id"] = str(len(TOKENS) + random.randrange(1, 50))
    if "Prefer" in case.headers:
        case.headers["Prefer"] = "wait=%d" % random.randrange(1, 3)
    path = case.operation.path
    if path == "/v1/certificate" and case.method == "POST" and random.random() < 0.3:
        name, credential, pem = device()
        case.headers["Authorization"] = "Bearer " + credential
        if case.media_type == "application/pkcs10":
            case.body = base64.b64decode("".join(pem.splitlines()[1:-1]))
        else:
            case.body = pem
    if path == "/v1/devices/{name}/issue" and isinstance(case.body, dict) and random.random() < 0.3:
        name, _, pem = device()
        case.path_parameters["name"] = name
        case.body["csr"] = pem
