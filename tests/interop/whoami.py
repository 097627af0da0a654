"""examples/whoami and examples/http_sspi.tcl; see whoami.sh. The argument is a folder for what is written."""

import whoami_browser
import whoami_client
from whoami_world import *

tap = Tap()
need(tap, "curl", "tclsh", "openssl", programs=["ntlm"])
FOLDER = sys.argv[1]
accounts = write_file(os.path.join(FOLDER, "accounts"),
                      f"{DOMAIN}:{USER}:{PASSWORD}\n{DOMAIN}:{OTHER_USER}:{OTHER_PASSWORD}\n<i>&X:<b>\"'eve:pw\n")
CERTIFICATE = os.path.join(FOLDER, "whoami.pem")
NOBODY = without_tickets(FOLDER)
PATIENT = "request 60000 silence 60000 answer 60000 connections 150"
site = Whoami(accounts, "-export", CERTIFICATE, "-limits", PATIENT)
hasty = Whoami(accounts, "-limits", "request 2000 silence 4000 answer 2000 connections 150")
strict = Whoami(accounts, "-bindings", "require", "-export", CERTIFICATE + ".strict")
TRUST = ["--cacert", CERTIFICATE]


def says(wanted, *arguments, **more):
    status, body, _ = curl(*arguments, **more)
    return None if (status, body) == (200, wanted + "\n") else f"{status} {body[:300]!r}"


def denied(*arguments, **more):
    status, body, _ = curl(*arguments, **more)
    return None if status == 401 and "alice" not in body else f"{status} {body[:300]!r}"


# ---- curl. -----------------------------------------------------------------------------------------------------------

spnego_ntlm = without_tickets(FOLDER, NTLM_USER_FILE=write_file(
    os.path.join(FOLDER, "ntlm_user"), f"{DOMAIN}:{USER}:{PASSWORD}\n"))
wrong_ntlm = without_tickets(FOLDER, NTLM_USER_FILE=write_file(
    os.path.join(FOLDER, "ntlm_wrong"), f"{DOMAIN}:{USER}:wrong\n"))
has_gss_ntlmssp = os.path.exists("/etc/gss/mech.d/mech.ntlmssp.conf") or any(
    "ntlmssp" in name for name in (os.listdir("/etc/gss/mech.d") if os.path.isdir("/etc/gss/mech.d") else []))
for base in (site.http, site.https):
    scheme, url = base.partition(":")[0], base + "/name"
    tap.run(f"curl --ntlm over {scheme}", lambda: says(NTLM, url, *TRUST, "--ntlm", "-u", LOGON))
    tap.run(f"curl --ntlm over {scheme}, a POST",
            lambda: says(NTLM, url, *TRUST, "--ntlm", "-u", LOGON, "-d", "x" * 5000))
    tap.run(f"curl --negotiate over {scheme} with a ticket",
            lambda: says(KERBEROS, url, *TRUST, "--negotiate", "-u", ":"))
    tap.run(f"curl --anyauth over {scheme} takes Negotiate",
            lambda: says(KERBEROS, url, *TRUST, "--anyauth", "-u", ":"))
    if has_gss_ntlmssp:
        tap.run(f"curl --negotiate over {scheme} with NTLM inside",
                lambda: says(NTLM, url, *TRUST, "--negotiate", "-u", ":", env=spnego_ntlm))
        tap.run(f"curl --negotiate over {scheme} with NTLM inside and a wrong password gets 401",
                lambda: denied(url, *TRUST, "--negotiate", "-u", ":", env=wrong_ntlm))
    else:
        tap.skip(f"curl --negotiate over {scheme} with NTLM inside", "gss-ntlmssp is not installed")
    tap.run(f"a wrong password over {scheme} gets 401", lambda: denied(url, *TRUST, "--ntlm", "-u", LOGON + "x"))
    tap.run(f"an unknown user over {scheme} gets 401",
            lambda: denied(url, *TRUST, "--ntlm", "-u", "EXAMPLE\\mallory:x"))
    tap.run(f"nobody over {scheme} gets 401", lambda: denied(url, *TRUST, "--ntlm", "-u", ":"))
    tap.run(f"no ticket over {scheme} gets 401", lambda: denied(url, *TRUST, "--negotiate", "-u", ":", env=NOBODY))
    tap.run(f"Basic over {scheme} gets 401", lambda: denied(url, *TRUST, "--basic", "-u", LOGON))


def offers():
    status, _, wire = curl(site.http + "/")
    challenges = [value.strip() for value in re.findall(r"< WWW-Authenticate: (.*)", wire)]
    return None if (status, challenges) == (401, ["Negotiate", "NTLM"]) else f"{status} {challenges}"


def page_of(*arguments):
    status, body, wire = curl(*arguments)
    assert status == 200, f"{status} {body[:300]}"
    return body, wire


def missing(body, *texts):
    absent = [text for text in texts if text not in body]
    return None if not absent else f"the page has no {absent}: {body[-6000:]}"


def kerberos_page():
    body, wire = page_of(site.http + "/", "--negotiate", "-u", ":")
    assert "Content-Security-Policy: default-src 'none'; style-src 'nonce-" in wire
    assert "Cache-Control: no-store" in wire
    return missing(body, "OPENSSPI.TEST", "Kerberos is the first choice", "SPNEGO NegTokenInit", "Kerberos AP-REQ",
                   "HTTP/localhost", "aes256-cts-hmac-sha1-96", "accept-completed", "<dt>mechListMIC</dt>")


def ntlm_page():
    body, _ = page_of(site.http + "/", "--ntlm", "-u", LOGON)
    if PASSWORD in body or NT_HASH[USER] in body:
        return "the password is on the page"
    return missing(body, "EXAMPLE\\", "nothing else can be offered", "NTLM NEGOTIATE_MESSAGE", "NTLM CHALLENGE_MESSAGE",
                   "NTLM AUTHENTICATE_MESSAGE", "<dt>MIC</dt>", "EXTENDED_SESSIONSECURITY", "a file of accounts",
                   "3 tokens") or (FOLDER in body and "the path of the accounts is on the page") or None


def ntlm_inside_page():
    run = curl(site.http + "/", "--negotiate", "-u", ":", env=spnego_ntlm)
    return missing(run[1], "NTLM 1.3.6.1.4.1.311.2.2.10", "accept-incomplete", "Kerberos: the client does not offer it")


def evil_name():
    body, _ = page_of(site.http + "/", "--ntlm", "-u", "<i>&X\\<b>\"'eve:pw")
    if "<i>" in body or "<b>\"" in body:
        return "the name stands on the page as it is"
    return missing(body, "&lt;i&gt;&amp;X", "&lt;b&gt;&quot;&#39;eve")


tap.run("who has said nothing is offered Negotiate, then NTLM", offers)
tap.run("the page shows Kerberos, and the headers guard it", kerberos_page)
tap.run("the page shows NTLM, and no secret", ntlm_page)
if has_gss_ntlmssp:
    tap.run("the page shows SPNEGO with NTLM inside, and why not Kerberos", ntlm_inside_page)
tap.run("a name that looks like HTML is text", evil_name)
tap.run("bindings required: a client that sends none is refused",
        lambda: denied(strict.https + "/name", "-k", "--ntlm", "-u", LOGON))
tap.run("HEAD has no body", lambda: None if (answer := curl(site.http + "/", "-I", "--ntlm", "-u", LOGON))[0] == 200
        and "<html" not in answer[1] else str(answer))

# ---- Hostile clients. ------------------------------------------------------------------------------------------------

PORT = site.ports[0]


def first_status(data, wanted):
    with Raw(hasty.ports[0] if wanted == 408 else PORT) as raw:
        raw.send(data)
        return raw.answer()[0]


def alive(raw):
    """The connection serves on after what went wrong."""
    with Peer("ntlm", "client", "") as client:
        status, _, body = raw.ntlm(client)
    return None if (status, body) == (200, NTLM + "\n") else f"then {status} {body[:200]!r}"


def bad_header(value):
    with Raw(PORT) as raw:
        status, headers, body = raw.ask("Authorization: " + value)
        offered = [value for name, value in headers if name == "www-authenticate"]
        if status != 401 or "alice" in body or offered != ["Negotiate", "NTLM"]:
            return f"{status} {headers}"
        return alive(raw)


for value in ("NTLM", "NTLM ====", "NTLM A", "NTLM TlRMTVNTUAAC", "NTLM " + "A" * 60001, "Negotiate AAAA",
              "Negotiate YII", "Negotiate " + b64(b"\x60\x84\xff\xff\xff\xff\x06"), "Basic YTpi", "Bearer x",
              "NTLM " + b64(b"NTLMSSP\0\3\0\0\0")):
    tap.run(f"the header {value[:40]!r} gets 401, and the connection serves on", lambda: bad_header(value))


def authenticate_on_another_connection():
    with Raw(PORT) as first, Raw(PORT) as second, Peer("ntlm", "client", "") as client:
        _, headers, _ = first.ask("Authorization: NTLM " + b64(client.step()[1]))
        token = client.step(base64.b64decode(dict(headers)["www-authenticate"][5:]))[1]
        status, _, body = second.ask("Authorization: NTLM " + b64(token))
        if status != 401:
            return f"{status} {body!r}"
        status, _, body = first.ask("Authorization: NTLM " + b64(token))
        return None if status == 200 else f"its own: {status} {body!r}"


def replay():
    with Raw(PORT) as raw, Peer("ntlm", "client", "") as client:
        _, headers, _ = raw.ask("Authorization: NTLM " + b64(client.step()[1]))
        token = client.step(base64.b64decode(dict(headers)["www-authenticate"][5:]))[1]
        assert raw.ask("Authorization: NTLM " + b64(token))[0] == 200
        assert raw.ask()[0] == 200, "the connection is not logged on"
        statuses = [raw.ask("Authorization: NTLM " + b64(token))[0], raw.ask()[0]]
        return None if statuses == [401, 401] else str(statuses)


def other_scheme_in_the_middle():
    with Raw(PORT) as raw, Peer("ntlm", "client", "") as client:
        _, headers, _ = raw.ask("Authorization: NTLM " + b64(client.step()[1]))
        token = client.step(base64.b64decode(dict(headers)["www-authenticate"][5:]))[1]
        status, _, body = raw.ask("Authorization: Negotiate " + b64(token))
        return alive(raw) if status == 401 else f"{status} {body!r}"


def given_up_in_the_middle():
    with Raw(PORT) as raw, Peer("ntlm", "client", "") as client:
        _, headers, _ = raw.ask("Authorization: NTLM " + b64(client.step()[1]))
        token = client.step(base64.b64decode(dict(headers)["www-authenticate"][5:]))[1]
        statuses = [raw.ask()[0], raw.ask("Authorization: NTLM " + b64(token))[0]]
        return alive(raw) if statuses == [401, 401] else str(statuses)


def raw_ntlm_under_negotiate():
    with Raw(PORT) as raw, Peer("ntlm", "client", "") as client:
        status, _, body = raw.ntlm(client, "Negotiate")
        if (status, body) != (200, NTLM + "\n"):
            return f"{status} {body!r}"
        return missing(raw.ask(line="GET / HTTP/1.1")[2], "Kerberos: the client speaks NTLM without SPNEGO")


def another_connection_is_nobody():
    with Raw(PORT) as one, Raw(PORT) as other, Peer("ntlm", "client", "") as client:
        statuses = [one.ntlm(client)[0], other.ask()[0], one.ask()[0]]
        return None if statuses == [200, 401, 200] else str(statuses)


def pipelined():
    with Raw(PORT) as raw, Peer("ntlm", "client", "") as client:
        raw.ntlm(client)
        raw.send("GET /name HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
        statuses = {raw.answer()[0] for _ in range(20)}
        return None if statuses == {200} else str(statuses)


def one_connection_for_several_people(proxy):
    """What a proxy sends for one must not be answered as the other."""
    with Raw(PORT) as raw, Peer("ntlm", "client", "") as client:
        _, headers, _ = raw.ask(proxy, "Authorization: NTLM " + b64(client.step()[1]))
        token = client.step(base64.b64decode(dict(headers)["www-authenticate"][5:]))[1]
        statuses = [raw.ask(proxy, "Authorization: NTLM " + b64(token))[0], raw.ask(proxy)[0]]
        return None if statuses == [401, 401] else str(statuses)


tap.run("an AUTHENTICATE on another connection gets 401, on its own 200", authenticate_on_another_connection)
tap.run("a replayed AUTHENTICATE logs the connection off", replay)
tap.run("another scheme in the middle of a log-on gets 401", other_scheme_in_the_middle)
tap.run("a request without a token gives a log-on up", given_up_in_the_middle)
tap.run("NTLM as it is under the scheme Negotiate", raw_ntlm_under_negotiate)
tap.run("another connection is nobody's", another_connection_is_nobody)
tap.run("requests in a row are answered in a row", pipelined)
for proxy in ("Via: 1.1 p", "Forwarded: for=192.0.2.1", "X-Forwarded-For: 192.0.2.1"):
    tap.run(f"behind a proxy no connection is logged on, {proxy}", lambda: one_connection_for_several_people(proxy))

HOST = "Host: localhost\r\n"
for name, data, wanted in (
        ("no request", "hello\r\n\r\n", 400), ("no Host", "GET / HTTP/1.1\r\n\r\n", 400),
        ("two Hosts", "GET / HTTP/1.1\r\n" + HOST + HOST + "\r\n", 400),
        ("two Authorizations", "GET / HTTP/1.1\r\n" + HOST + "Authorization: NTLM AA==\r\n" * 2 + "\r\n", 400),
        ("two lengths", "POST / HTTP/1.1\r\n" + HOST + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx", 400),
        ("a length below zero", "POST / HTTP/1.1\r\n" + HOST + "Content-Length: -1\r\n\r\n", 400),
        ("a length in octal", "POST /name HTTP/1.1\r\n" + HOST + "Content-Length: 010\r\n\r\n0123456789", 401),
        ("a long body", "POST / HTTP/1.1\r\n" + HOST + "Content-Length: 70000\r\n\r\n", 413),
        ("chunks", "POST / HTTP/1.1\r\n" + HOST + "Transfer-Encoding: chunked\r\n\r\n", 411),
        ("a folded header", "GET / HTTP/1.1\r\n" + HOST + "A: b\r\n c\r\n\r\n", 400),
        ("a blank before the colon", "GET / HTTP/1.1\r\n" + HOST + "A : b\r\n\r\n", 400),
        ("a NUL", "GET /\0 HTTP/1.1\r\n" + HOST + "\r\n", 400),
        ("a bare CR", "GET / HTTP/1.1\r\n" + HOST + "A: b\rc\r\n\r\n", 400),
        ("a bare LF", "GET / HTTP/1.1\r\n" + HOST + "A: b\nContent-Length: 20\r\n\r\n", 400),
        ("a bare LF behind the request", "GET / HTTP/1.1\n" + HOST + "\r\n", 400),
        ("bytes of no character", "GET /name HTTP/1.1\r\n" + HOST + "A: \xff\xfe\r\n\r\n", 401),
        ("another method", "DELETE / HTTP/1.1\r\n" + HOST + "\r\n", 405),
        ("another version", "GET / HTTP/3.0\r\n" + HOST + "\r\n", 400),
        ("a long head", "GET / HTTP/1.1\r\n" + HOST + "A: " + "x" * 100000 + "\r\n\r\n", 431),
        ("many headers", "GET / HTTP/1.1\r\n" + HOST + "".join(f"A{i}: x\r\n" for i in range(200)) + "\r\n", 431),
        ("an endless head", "GET / HTTP/1.1\r\n" + "x" * 120000, 431),
        ("a head that does not end", "GET / HTTP/1.1\r\n" + HOST, 408),
        ("a body that does not end", "POST / HTTP/1.1\r\n" + HOST + "Content-Length: 9\r\n\r\nx", 408),
        ("a URL for a proxy", "GET http://localhost/name HTTP/1.1\r\n" + HOST + "\r\n", 401),
        ("a path that climbs", "GET /../../etc/passwd HTTP/1.1\r\n" + HOST + "\r\n", 401)):
    tap.run(f"{name}: {wanted}", lambda: None if (got := first_status(data, wanted)) == wanted else str(got))


def garbage_in_place_of_tls():
    with Raw(site.ports[1]) as raw:
        raw.send("GET / HTTP/1.0\r\n\r\n")
    return says(NTLM, site.https + "/name", "-k", "--ntlm", "-u", LOGON)


tap.run("garbage in place of TLS, and a client that goes away, hurt nobody else", garbage_in_place_of_tls)


def silent_connection_is_closed():
    with Raw(hasty.ports[0]) as raw:
        return None if raw.answer()[0] == 0 else "it was answered"


def many_connections():
    raws = [Raw(PORT) for _ in range(200)]
    statuses = []
    for raw in raws:
        try:
            statuses.append(raw.ask()[0])
        except OSError:
            statuses.append(0)
    for raw in raws:
        raw.close()
    if not (130 <= statuses.count(401) <= 150 and statuses.count(0) == 200 - statuses.count(401)):
        return f"{statuses.count(401)} were served, {statuses.count(0)} closed"
    return serves(site.http)


def serves(base):
    """Who comes is served, if not at once: others may be about to leave."""
    for _ in range(100):
        if (fault := says(NTLM, base + "/name", "-k", "--ntlm", "-u", LOGON)) is None:
            return None
        threading.Event().wait(0.2)
    return f"nobody is served any more: {fault}"


def files():
    return len(os.listdir(f"/proc/{hasty.process.pid}/fd"))


def comes_back_to(before):
    for _ in range(600):
        if files() <= before:
            return None
        threading.Event().wait(0.1)
    return f"{files()} files are open, where {before} were"


def clients_that_do_not_read(port, tls):
    """Each asks for much and takes nothing: the server lets them go, and keeps no file of theirs."""
    before = files()
    raws = []
    for _ in range(10):
        raw = Raw(port, tls, receive=2048)
        raws.append(raw)
        raw.socket.settimeout(0.2)
        try:
            for _ in range(40):
                raw.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 100)
        except OSError:
            pass
    result = comes_back_to(before)
    for raw in raws:
        raw.close()
    return result or serves(hasty.http)


def handshakes_that_do_not_come():
    before = files()
    raws = [Raw(hasty.ports[1]) for _ in range(300)]
    for raw in raws[::2]:
        try:
            raw.send(b"\x16\x03\x01\x02\x00\x01")
        except OSError:
            pass
    most = files()
    result = comes_back_to(before)
    for raw in raws:
        raw.close()
    if most > before + 160:
        return f"{most} files were open at once"
    return result or serves(hasty.https)


def memory_bytes():
    with open(f"/proc/{site.process.pid}/status") as status:
        return 1024 * int(re.search(r"VmRSS:\s+(\d+) kB", status.read()).group(1))


def long_paths_are_not_kept():
    """The record of a log-on that never comes has short lines."""
    before = memory_bytes()
    raws = [Raw(PORT) for _ in range(30)]
    statuses = {raw.ask(line=f"GET /{'x' * 90000} HTTP/1.1")[0] for _ in range(16) for raw in raws}
    grown = memory_bytes() - before
    for raw in raws:
        raw.close()
    return None if statuses == {401} and grown < 24 << 20 else f"{statuses}, {grown} bytes more"


def paths():
    with Raw(PORT) as raw, Peer("ntlm", "client", "") as client:
        raw.ntlm(client)
        targets = ("/name", "/", "/?<script>", "/../../etc/passwd", "/x")
        statuses = [raw.ask(line=f"GET {target} HTTP/1.1")[0] for target in targets]
        return None if statuses == [200, 200, 200, 404, 404] else str(statuses)


tap.run("a connection that says nothing is closed", silent_connection_is_closed)
tap.run("connections above the limit are closed, and the others served", many_connections)
tap.run("clients that do not read their answers are let go", lambda: clients_that_do_not_read(hasty.ports[0], False))
tap.run("clients that do not read their answers are let go, over TLS",
        lambda: clients_that_do_not_read(hasty.ports[1], True))
tap.run("TLS handshakes that do not come are bounded in number and time", handshakes_that_do_not_come)
tap.run("what a client sends for ever is not kept for ever", long_paths_are_not_kept)
tap.run("there is one page, and no file", paths)
tokens = subprocess.run(["tclsh", os.path.join(HERE, "whoami_decode.tcl"), WHOAMI], capture_output=True, text=True,
                        env={**ENVIRONMENT, "OPENSSPI_ACCOUNTS": "self"}, timeout=300)
tap.ok(re.fullmatch(r"done \d{4,}\n", tokens.stdout), "tokens that are cut, altered and hostile are shown as text",
       (tokens.stdout + tokens.stderr)[:3000])

# ---- Our own client, proxies, Chromium. ------------------------------------------------------------------------------

whoami_client.run(tap, FOLDER, accounts, site, strict, CERTIFICATE, NOBODY)
whoami_browser.run(tap, site, strict, NOBODY)

logs = site.end() + hasty.end() + strict.end()
tap.ok(PASSWORD not in logs and OTHER_PASSWORD not in logs, "no password is in the servers' logs", logs[-2000:])
errors = [line for line in logs.splitlines() if re.search("invoked from|while executing|background", line)]
tap.ok(not errors, "no request met an error of the server's", "\n".join(errors)[:3000])
tap.done()
