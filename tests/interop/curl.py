"""curl as NTLM client of the HTTP server in examples/http_ntlm.tcl, and replays of what curl sent."""

import http.client
import re
import socket

from interop import *

tap = Tap()
need(tap, "curl", "tclsh", programs=["ntlm"])
EXTENSION = os.path.join(BUILD, "tcl")
SERVER = os.path.join(HERE, "..", "..", "examples", "http_ntlm.tcl")
if not os.path.exists(os.path.join(EXTENSION, "pkgIndex.tcl")):
    tap.skip("the whole suite", "the Tcl extension was not built")
    tap.done()
if "NTLM" not in subprocess.run(["curl", "--version"], capture_output=True, text=True).stdout:
    tap.skip("the whole suite", "this curl has no NTLM")
    tap.done()
keep, folder = scratch()
accounts = plain_accounts(folder)
server = subprocess.Popen(["tclsh", SERVER, "plain:" + accounts], env={**os.environ, "TCLLIBPATH": EXTENSION},
                          stdout=subprocess.PIPE, text=True)
hello = server.stdout.readline()
if not tap.ok("listening on http://" in hello, "the server starts", hello):
    server.kill()
    tap.done()
URL = hello.split()[-1]
PORT = int(URL.rstrip("/").rsplit(":", 1)[1])


def curl(user, *more):
    """Gives status, body and what curl sent."""
    command = ["curl", "--noproxy", "*", "--silent", "--verbose", "--max-time", "60", "--write-out", "%{http_code}",
               "--ntlm", "--user", user, *more, URL]
    run = subprocess.run(command, capture_output=True, text=True)
    return int(run.stdout[-3:] or 0), run.stdout[:-3], run.stderr


def page(user, who, *more):
    status, body, _ = curl(user, *more)
    return None if (status, body) == (200, f"Hello {who}\n") else f"{status} {body!r}"


def denied(user):
    status, body, _ = curl(user)
    return None if status == 401 and "Hello" not in body else f"{status} {body!r}"


def get(connection, token=None):
    headers = {"Authorization": "NTLM " + base64.b64encode(token).decode()} if token else {}
    connection.request("GET", "/", headers=headers)
    response = connection.getresponse()
    body = response.read().decode()
    challenge = response.headers.get("WWW-Authenticate", "").partition(" ")[2]
    return response.status, body, base64.b64decode(challenge)


def curl_s_authenticate():
    tokens = re.findall(r"> Authorization: NTLM (\S+)", curl(f"{DOMAIN}\\{USER}:{PASSWORD}")[2])
    assert len(tokens) == 2, f"curl sent {len(tokens)} tokens"
    return [base64.b64decode(token) for token in tokens]


def replay_on_a_new_connection():
    negotiate, authenticate = curl_s_authenticate()
    first = http.client.HTTPConnection("127.0.0.1", PORT)
    status, body, _ = get(first, authenticate)
    if status != 401 or "Hello" in body:
        return f"without a NEGOTIATE before it: {status} {body!r}"
    second = http.client.HTTPConnection("127.0.0.1", PORT)
    get(second, negotiate)
    status, body, _ = get(second, authenticate)
    if status != 401 or "Hello" in body:
        return f"after a NEGOTIATE: {status} {body!r}"
    return None


def replay_on_the_same_connection():
    connection = http.client.HTTPConnection("127.0.0.1", PORT)
    with Peer("ntlm", "client") as client:
        status, _, challenge = get(connection, client.step()[1])
        assert status == 401 and challenge, "no challenge"
        authenticate = client.step(challenge)[1]
    status, body, _ = get(connection, authenticate)
    assert (status, body) == (200, "Hello EXAMPLE\\alice\n"), f"{status} {body!r}"
    status, body, _ = get(connection)
    assert status == 200, f"a request on the connection that is logged on: {status}"
    status, body, _ = get(connection, authenticate)
    if status != 401 or "Hello" in body:
        return f"{status} {body!r}"
    status, body, _ = get(connection)
    return None if status == 401 else f"after it: {status} {body!r}"


def logged_on_connection_only():
    """Another connection does not inherit the log-on."""
    curl(f"{DOMAIN}\\{USER}:{PASSWORD}")
    status, _, _ = get(http.client.HTTPConnection("127.0.0.1", PORT))
    return None if status == 401 else str(status)


def bad_header(value):
    connection = http.client.HTTPConnection("127.0.0.1", PORT)
    connection.request("GET", "/", headers={"Authorization": value})
    status = connection.getresponse().status
    return None if status == 401 else str(status)


REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


def dialled():
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(60)
    connection.connect(("127.0.0.1", PORT))
    return connection


def ask_without_reading():
    """What waits for such a client would fill the server's memory, and keep its socket beyond its end."""
    with dialled() as connection:
        for _ in range(300):
            try:
                connection.sendall(REQUEST * 1000)
            except ConnectionError:
                return None
    return "12 MB of requests were taken"


def pipelined():
    with dialled() as connection:
        connection.sendall(REQUEST * 10)
        with connection.makefile("rb") as answers:
            statuses = [line for line in (answers.readline() for _ in range(60)) if line.startswith(b"HTTP/1.1 ")]
    return None if statuses == [b"HTTP/1.1 401 Unauthorized\r\n"] * 10 else str(statuses)


def answered_with(status, request):
    with dialled() as connection:
        connection.sendall(request)
        with connection.makefile("rb") as answer:
            line = answer.readline().decode().rstrip()
    return None if line == "HTTP/1.1 " + status else line


tap.run("curl gets its page", lambda: page(f"{DOMAIN}\\{USER}:{PASSWORD}", r"EXAMPLE\alice"))
tap.run("curl gets its page, another user", lambda: page(f"{DOMAIN}\\{OTHER_USER}:{OTHER_PASSWORD}", r"EXAMPLE\bob"))
tap.run("curl gets its page with a POST",
        lambda: page(f"{DOMAIN}\\{USER}:{PASSWORD}", r"EXAMPLE\alice", "--data", "x" * 3000))
tap.run("a wrong password gets 401", lambda: denied(f"{DOMAIN}\\{USER}:wrong"))
tap.run("an unknown user gets 401", lambda: denied(f"{DOMAIN}\\mallory:{PASSWORD}"))
tap.run("an empty password gets 401", lambda: denied(f"{DOMAIN}\\{USER}:"))
tap.run("an anonymous log-on gets 401", lambda: denied(":"))
tap.run("a replayed AUTHENTICATE gets 401 on another connection", replay_on_a_new_connection)
tap.run("a replayed AUTHENTICATE gets 401 on its own connection, which is logged off by it",
        replay_on_the_same_connection)
tap.run("a log-on is one connection's", logged_on_connection_only)
for value in ("NTLM", "NTLM ====", "NTLM TlRMTVNTUAAC", "Basic YTpi", "Negotiate TlRMTVNTUAABAAAA"):
    tap.run(f"the header {value!r} gets 401", lambda: bad_header(value))
tap.run("ten requests at once get ten answers", pipelined)
tap.run("a client that asks and does not read is dropped", ask_without_reading)
for status, request in (("400 Bad Request", b"\r\n"), ("400 Bad Request", b"GET / HTTP/2.0\r\n"),
                        ("431 Request Header Fields Too Large", b"GET / HTTP/1.1\r\nX: " + b"x" * 33000),
                        ("400 Bad Request", b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"),
                        ("413 Content Too Large", b"POST / HTTP/1.1\r\nContent-Length: 70000\r\n\r\n"),
                        ("411 Length Required", b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"),
                        ("401 Unauthorized", b"POST / HTTP/1.1\r\nContent-Length: 08\r\n\r\n12345678")):
    tap.run(f"{request[:60]!r} gets {status}", lambda: answered_with(status, request))
tap.run("the server still serves", lambda: page(f"{DOMAIN}\\{USER}:{PASSWORD}", r"EXAMPLE\alice"))
server.terminate()
log = server.stdout.read()
tap.ok(PASSWORD not in log and OTHER_PASSWORD not in log, "the server's log holds no password", log)
server.wait(60)
tap.done()
