"""curl as client of log_on.tcl: --negotiate, and SASL GSSAPI. OPENSSPI_KDC names the folder of the KDC (kdc.sh)."""

import http.client

from interop import *

tap = Tap()
keep, folder = scratch()
KDC = os.environ["OPENSSPI_KDC"]
EXTENSION = os.path.join(BUILD, "tcl")
ACCOUNTS = plain_accounts(folder)
ALICE = "Hello alice@OPENSSPI.TEST by Kerberos\n"
NTLM_ALICE = "Hello EXAMPLE\\alice by NTLM\n"
NO_TICKETS = {"KRB5CCNAME": "FILE:/nonexistent/ccache"}
OTHER_KEY = {"KRB5_KTNAME": f"FILE:{KDC}/other.keytab"}
NO_ACCOUNT = {"NTLM_USER_FILE": "/nonexistent/accounts"}

if not os.path.exists(os.path.join(EXTENSION, "pkgIndex.tcl")):
    tap.skip("the whole suite", "the Tcl extension was not built")
    tap.done()
VERSION = subprocess.run(["curl", "--version"], capture_output=True, text=True).stdout
if "SPNEGO" not in VERSION or "Kerberos" not in VERSION:
    tap.skip("the whole suite", "this curl has no SPNEGO")
    tap.done()


class Server:
    """log_on.tcl; `packages` is what the configuration lets Negotiate use."""

    def __init__(self, protocol, package, packages="", accounts=True, env=None):
        config = write_file(folder + "/opensspi.conf", f"[negotiate]\npackages = {packages}\n" if packages else "")
        command = ["tclsh", HERE + "/log_on.tcl", protocol, package] + (["plain:" + ACCOUNTS] if accounts else [])
        environment = {**os.environ, "TCLLIBPATH": EXTENSION, "OPENSSPI_CONFIG": config, **(env or {})}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        self.port = int(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.log = self.process.stdout.read()
        self.process.wait(10)


def curl(*args, env=None):
    """Gives the exit status, the body and what was said on the way."""
    command = ["curl", "--noproxy", "*", "--silent", "--verbose", "--max-time", "60", *args]
    run = subprocess.run(command, capture_output=True, text=True,
                         env={**os.environ, "NTLM_USER_FILE": ACCOUNTS, **(env or {})})
    return run.returncode, run.stdout, run.stderr


def get(server, *more, env=None):
    """The last status and the body."""
    _, body, log = curl("--negotiate", "--user", ":", *more, f"http://localhost:{server.port}/", env=env)
    return re_status(log), body, log


def re_status(log):
    found = [line.split()[2] for line in log.splitlines() if line.startswith("< HTTP/1.1 ")]
    return int(found[-1]) if found else 0


def welcome(hello, package="Negotiate", packages="", accounts=True, more=(), env=None):
    with Server("http", package, packages, accounts) as server:
        status, body, _ = get(server, *more, env=env)
    return None if (status, body) == (200, hello) else f"{status} {body!r} {server.log}"


def denied(reason, package="Negotiate", packages="", accounts=True, env=None, server_env=None):
    """The server says why."""
    with Server("http", package, packages, accounts, server_env) as server:
        status, body, _ = get(server, env=env)
    if status != 401 or "Hello" in body:
        return f"{status} {body!r}"
    return None if reason in server.log else f'"{reason}" is not in {server.log!r}'


def nothing_to_send():
    with Server("http", "Negotiate") as server:
        status, body, log = get(server, env={**NO_TICKETS, **NO_ACCOUNT})
    return None if status == 401 and "> Authorization" not in log else f"{status} {body!r}"


def token_of_curl(server):
    log = get(server)[2]
    return [line.split()[3] for line in log.splitlines() if line.startswith("> Authorization: Negotiate ")][0]


def replayed():
    """On a connection of its own; the replay cache remembers."""
    with Server("http", "Negotiate") as server:
        token = token_of_curl(server)
        connection = http.client.HTTPConnection("localhost", server.port, timeout=60)
        connection.request("GET", "/", headers={"Authorization": "Negotiate " + token})
        response = connection.getresponse()
        body = response.read()
    return None if response.status == 401 and b"Hello" not in body else f"{response.status} {body!r}"


def answered():
    """The last token of the server comes with the page."""
    with Server("http", "Negotiate") as server:
        log = get(server)[2]
    line = [line for line in log.splitlines() if line.startswith("< WWW-Authenticate: Negotiate ")]
    return None if len(line) == 1 and base64.b64decode(line[0].split()[3])[:1] == b"\xa1" else str(line)


def mail(server, service="HTTP", env=None):
    return curl("--login-options", "AUTH=GSSAPI", "--service-name", service, "--user", "alice@OPENSSPI.TEST:",
                f"pop3://localhost:{server.port}/1", env=env)


def raw_kerberos(package):
    """SASL GSSAPI is Kerberos as it is, and one signed message each way."""
    with Server("pop3", package, accounts=False) as server:
        status, body, log = mail(server)
    if (status, body.rstrip("\r\n") + "\n") != (0, ALICE):
        return f"{status} {body!r} {server.log}"
    token = [line for line in log.splitlines() if line.startswith("> YI")][0][2:]
    return None if base64.b64decode(token)[4:15].hex() == "06092a864886f712010202" else token


def raw_kerberos_for_another_service():
    """The server's keytab has no key of it."""
    with Server("pop3", "Kerberos", accounts=False, env=OTHER_KEY) as server:
        status, body, _ = mail(server)
    was_refused = status != 0 and "Hello" not in body and "refused" in server.log
    return None if was_refused else f"{status} {body!r} {server.log}"


tap.run("a ticket: Kerberos", lambda: welcome(ALICE))
tap.run("a ticket, a POST", lambda: welcome(ALICE, more=("--data", "x" * 3000)))
tap.run("a ticket, a server with Kerberos alone", lambda: welcome(ALICE, packages="Kerberos", accounts=False))
tap.run("a ticket, a server without Kerberos: NTLM", lambda: welcome(NTLM_ALICE, packages="!Kerberos"))
tap.run("no ticket: NTLM", lambda: welcome(NTLM_ALICE, env=NO_TICKETS))
tap.run("the server proves itself with the page", answered)
tap.run("no ticket and no account: nothing is sent", nothing_to_send)
tap.run("no ticket, a server with Kerberos alone: 401",
        lambda: denied("no mechanism that can be used here", packages="Kerberos", accounts=False, env=NO_TICKETS))
tap.run("a server without the service's key: 401",
        lambda: denied("the keytab has no key for this service", server_env=OTHER_KEY))
tap.run("the package Kerberos takes no SPNEGO: 401", lambda: denied("SPNEGO", "Kerberos", accounts=False))
tap.run("a token for the second time: 401", replayed)
tap.run("SASL GSSAPI at the package Kerberos", lambda: raw_kerberos("Kerberos"))
tap.run("SASL GSSAPI at the package Negotiate", lambda: raw_kerberos("Negotiate"))
tap.run("SASL GSSAPI, a server without the service's key", raw_kerberos_for_another_service)
tap.done()
