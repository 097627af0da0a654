"""The part of the suite whoami in which examples/http_sspi.tcl is the client."""

from whoami_world import *

ALICE = f"{DOMAIN}:{USER}:{PASSWORD}"
BOB = f"{DOMAIN}:{OTHER_USER}:{OTHER_PASSWORD}"
BOB_NTLM = r"EXAMPLE\bob NTLM"


def run(tap, folder, accounts, site, strict, certificate, without_ticket):
    def lines(name, wanted, *words, env=None):
        tap.run(name, lambda: None if (got := get(*words, env=env)) == wanted else f"got    {got!r}\nwanted {wanted!r}")

    trust = ["roots", certificate]
    for base, more in ((site.http, []), (site.https, trust), (strict.https, ["roots", certificate + ".strict"])):
        what = base.partition(":")[0] + (", bindings required" if base == strict.https else "")
        url = base + "/name"
        lines(f"http_sspi with a ticket over {what}", ["ok 200 " + KERBEROS], *more, "get", url)
        lines(f"http_sspi by NTLM over {what}", ["ok 200 " + NTLM], *more, "account", ALICE, "-package", "NTLM", "get",
              url)
        lines(f"http_sspi by Negotiate with an account and no ticket over {what}", ["ok 200 " + NTLM], *more, "account",
              ALICE, "get", url, env=without_ticket)
    url = site.http + "/name"
    lines("a POST", ["ok 200 " + NTLM], "account", ALICE, "-package", "NTLM", "-query", "x=" + "y" * 5000, "get", url)
    lines("with -command", ["started <>", "ok 200 " + KERBEROS], "start", url)
    tap.run("a wrong password gives the answer 401",
            lambda: starts(get("account", ALICE + "x", "-package", "NTLM", "get", url), "ok 401 "))
    tap.run("an authority that nobody trusts is told",
            lambda: starts(get("get", site.https + "/name"), "error ", "not trusted"))
    tap.run("an option that streams is refused",
            lambda: starts(get("-channel", "stdout", "get", url), "error -channel"))
    tap.run("an account in the URL is refused",
            lambda: starts(get("get", "http://a:b@localhost/"), "error the host of"))
    tap.run("a connection is kept with its log-on, and each account has its own", lambda: kept(site))
    tap.run("no proxy answers: told",
            lambda: starts(get("-proxy", "127.0.0.1:1", "get", url), "error the proxy 127.0.0.1:1"))
    tap.run("a redirect to the same origin is followed, to another it is not, and no log-on goes there",
            lambda: redirects(site))
    tap.run("a server that lets us in without finishing is an error", impostor)
    tap.run("a server that changes its mind about the scheme for ever is left", never_ends)
    tap.run("a connection that is lost in the middle of a log-on ends in 401", lambda: lost_connection(accounts))
    proxies(tap, lines, folder, accounts, site, certificate)


def starts(got, start, word=""):
    return None if len(got) == 1 and got[0].startswith(start) and word in got[0] else repr(got)


def kept(site):
    url = site.http + "/name"
    before = len(site.log)
    got = get("account", ALICE, "-package", "NTLM", "get", url, "get", url, "account", BOB, "get", url, "account",
              ALICE, "get", url)
    if got != [f"ok 200 {NTLM}"] * 2 + [f"ok 200 {BOB_NTLM}", f"ok 200 {NTLM}"]:
        return repr(got)
    log = site.said(before, lambda lines: sum("GET /name" in line for line in lines) >= 8)
    requests = [line.split()[0] + line.split()[3] for line in log if "GET /name" in line]
    counts = sorted(requests.count(peer + "200") for peer in {request[:-3] for request in requests})
    return None if counts == [1, 3] and len(requests) == 8 else f"{requests}"


def redirects(site):
    elsewhere = Stub(lambda request: (401, [("WWW-Authenticate", "NTLM"), ("WWW-Authenticate", "Negotiate")], b"no"))
    target = {"/near": "/end", "/far": elsewhere.url + "/stolen", "/loop": "/loop", "/half": "//localhost:1/x"}

    def answer(request):
        if request.path in target:
            return 302, [("Location", target[request.path])], b"moved"
        return 200, [], b"the end"

    stub = Stub(answer)
    try:
        wanted = {"/near": "ok 200 the end", **dict.fromkeys(("/far", "/loop", "/half"), "ok 302 moved")}
        for path, line in wanted.items():
            got = get("-maxredirects", "3", "get", stub.url + path)
            if got != [line]:
                return f"{path}: {got}"
        if get("get", stub.url + "/near") != ["ok 302 moved"]:
            return "a redirect is followed unasked"
        return None if not elsewhere.seen else f"the other site saw {elsewhere.seen}"
    finally:
        stub.end()
        elsewhere.end()


def impostor():
    stub = Stub(lambda request: (200, [], b"welcome") if request.headers.get("Authorization")
                else (401, [("WWW-Authenticate", "Negotiate")], b"log on"))
    try:
        return starts(get("get", stub.url + "/"), "error HTTP/localhost let us in")
    finally:
        stub.end()


def never_ends():
    stub = Stub(lambda request: (401, [("WWW-Authenticate", "NTLM " + b64(b"NTLMSSP\0junk"))], b"no"))
    try:
        get("account", ALICE, "get", stub.url + "/")
        return None if len(stub.seen) < 10 else f"{len(stub.seen)} requests"
    finally:
        stub.end()


def lost_connection(accounts):
    """The server closes each connection behind its challenge, which on another one is worth nothing."""
    tokens = []

    def answer(request):
        given = request.headers.get("Authorization")
        if not given:
            return 401, [("WWW-Authenticate", "NTLM")], b"log on"
        tokens.append(base64.b64decode(given.partition(" ")[2])[8])
        if tokens[-1] != 1:
            return 401, [("WWW-Authenticate", "NTLM")], b"again"
        request.close_connection = True
        with Peer("ntlm", "server", "", accounts="plain:" + accounts) as server:
            challenge = server.step(base64.b64decode(given.partition(" ")[2]))[1]
        return 401, [("WWW-Authenticate", "NTLM " + b64(challenge)), ("Connection", "close")], b"go on"

    stub = Stub(answer)
    try:
        got = get("account", ALICE, "-package", "NTLM", "get", stub.url + "/")
        if tokens not in ([1, 3], [1, 3, 1, 3]):
            return f"tokens {tokens}"
        return starts(got, "ok 401 again")
    finally:
        stub.end()


def proxies(tap, lines, folder, accounts, site, certificate):
    guard = Program("tclsh", os.path.join(HERE, "whoami_proxy.tcl"), WHOAMI, "plain:" + accounts)
    via = ["-proxy", f"localhost:{guard.ports[0]}"]
    for base, more in ((site.http, []), (site.https, ["roots", certificate])):
        what, url = base.partition(":")[0], base + "/name"
        lines(f"through a proxy that wants a log-on by NTLM, {what}", ["ok 200 " + NTLM], *via, *more, "-package",
              "NTLM", "account", ALICE, "proxyaccount", BOB, "get", url)
        lines(f"through a proxy that wants a log-on, with a ticket, {what}", ["ok 200 " + KERBEROS], *via, *more, "get",
              url)
    tap.run("a wrong password for the proxy is told", lambda: starts(
        get(*via, "-package", "NTLM", "proxyaccount", BOB + "x", "get", site.http + "/name"), "error the proxy", "407"))
    log = guard.end()
    tap.ok(r"EXAMPLE\bob" in log and OTHER_PASSWORD not in log, "the proxy knows who came through it", log[-2000:])
    if not shutil.which("tinyproxy"):
        tap.skip("through tinyproxy", "not here: tinyproxy")
        return
    proxy = Tinyproxy(folder)
    via = ["-proxy", f"localhost:{proxy.port}"]
    for base, more in ((site.http, []), (site.https, ["roots", certificate])):
        what, url = base.partition(":")[0], base + "/name"
        lines(f"through tinyproxy by NTLM, {what}", ["ok 200 " + NTLM], *via, *more, "-package", "NTLM", "account",
              ALICE, "get", url)
        lines(f"through tinyproxy with a ticket, {what}", ["ok 200 " + KERBEROS], *via, *more, "get", url)
    # As curl does it: over HTTP the proxy reads the requests, and says so; no connection is logged on behind it.
    through = [site.http + "/name", "-x", f"localhost:{proxy.port}"]
    tap.run("curl --negotiate through tinyproxy: a ticket is a request's",
            lambda: told(curl(*through, "--negotiate", "-u", ":"), 200))
    tap.run("curl --ntlm through tinyproxy: there is no connection to log on",
            lambda: told(curl(*through, "--ntlm", "-u", LOGON), 401))
    proxy.end()


def told(answer, wanted):
    return None if answer[0] == wanted else f"{answer[0]} {answer[1][:200]!r}"
