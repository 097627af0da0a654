"""Our client at Apache's mod_auth_gssapi: Kerberos and NTLM, over http and https. The module hands no channel bindings
to GSSAPI, so that over https it can only be seen that it takes tokens that have them."""

import hashlib
import http.client
import ssl

from interop import *

tap = Tap()
need(tap, programs=["ntlm"])
HOST, PORT, TLS_PORT = "localhost", int(os.environ["APACHE_PORT"]), int(os.environ["APACHE_TLS_PORT"])
CERTIFICATE = os.environ["APACHE_CERTIFICATE"]
REALM = "OPENSSPI.TEST"
NO_TICKETS = {"KRB5CCNAME": "FILE:/nonexistent/ccache"}
ISC_RET_MUTUAL_AUTH = 2
SEC_E_TARGET_UNKNOWN, SEC_E_NO_CREDENTIALS = "80090303", "8009030E"


def connect(tls):
    if not tls:
        return http.client.HTTPConnection(HOST, PORT, timeout=60)
    trust = ssl.create_default_context(cafile=CERTIFICATE)
    return http.client.HTTPSConnection(HOST, TLS_PORT, timeout=60, context=trust)


def end_point_bindings():
    """tls-server-end-point, RFC 5929 4: the certificate's digest."""
    with open(CERTIFICATE, encoding="ascii") as file:
        return b"tls-server-end-point:" + hashlib.sha256(ssl.PEM_cert_to_DER_cert(file.read())).digest()


def kerberos(want="mutual", target="HTTP/localhost", **more):
    """alice, by the ticket of the KDC's folder."""
    return Peer("ntlm", "client", want, "", "", "", package="Negotiate", target=target, **more)


def raw_kerberos(env=None):
    return Peer("ntlm", "client", "mutual", "", "", "", env, package="Kerberos", target="HTTP/localhost")


def kerberos_by_password(password=PASSWORD, realm=REALM, package="Negotiate"):
    return Peer("ntlm", "client", "mutual", USER, realm, password, NO_TICKETS, package=package, target="HTTP/localhost")


def ntlm(user=USER, password=PASSWORD, package="NTLM", want="", **more):
    return Peer("ntlm", "client", want, user, DOMAIN, password, NO_TICKETS, package=package, target="HTTP/localhost",
                **({"package_list": "NTLM"} if package == "Negotiate" else {}), **more)


class Visit:
    """Requests on one connection, with the tokens of a client of ours in their headers."""

    def __init__(self, path, tls=False, scheme="Negotiate"):
        self.connection, self.path, self.scheme = connect(tls), path, scheme
        self.user = self.body = ""

    def request(self, token=b""):
        """Gives the status and the server's token."""
        headers = {"Authorization": f"{self.scheme} {base64.b64encode(token).decode()}"} if token else {}
        self.connection.request("GET", self.path, headers=headers)
        response = self.connection.getresponse()
        self.body, self.user = response.read().decode(), response.headers.get("X-User", "")
        for value in response.headers.get_all("WWW-Authenticate", []):
            scheme, _, encoded = value.partition(" ")
            if scheme == self.scheme:
                return response.status, base64.b64decode(encoded)
        return response.status, b""

    def log_on(self, client):
        """The last status, and whether the client is satisfied too."""
        status, reply = self.request()
        assert status == 401, f"without a log-on: {status}"
        for _ in range(5):
            done, token = client.step(reply)
            if not token:
                return status, done
            status, reply = self.request(token)
            if status != 401 and not reply:
                return status, done
            if status == 401 and not reply:
                return status, False
        raise AssertionError("the log-on does not come to an end")

    def close(self):
        self.connection.close()


def welcome(make, path, user, tls=False, scheme="Negotiate"):
    page = path.strip("/") or "all"
    visit = Visit(path, tls, scheme)
    with make() as client:
        status, done = visit.log_on(client)
        assert (status, done, visit.body) == (200, True, f"this is {page}\n"), f"{status} {done} {visit.body!r}"
        assert visit.user == user, visit.user
        if user.endswith(REALM):
            assert client.text("package") == "Kerberos" and client.flags() & ISC_RET_MUTUAL_AUTH, client.text("package")
        else:
            assert client.text("package") == "NTLM"
    status, _ = visit.request()
    assert status == 200 and visit.user == user, f"another request on the connection: {status} {visit.user!r}"
    visit.close()
    return None if Visit(path, tls, scheme).request()[0] == 401 else "another connection is logged on too"


def denied(make, path, scheme="Negotiate", reason=None):
    """Either Apache says 401 alone, or it has a reject of SPNEGO with it, which our client reports with its reason."""
    visit = Visit(path, scheme=scheme)
    with make() as client:
        try:
            status, _ = visit.log_on(client)
        except Failed as error:
            assert error.status == (reason or SEC_E_LOGON_DENIED), str(error)
            status = 401
    visit.close()
    return None if status == 401 and "this is" not in visit.body else f"{status} {visit.body!r}"


def nothing_is_sent(make, *statuses):
    """The client's own failure, before any token."""
    def start():
        with make() as client:
            client.step()
    return refused(start, *statuses)


def answer_changed_on_its_way():
    """Mutual authentication: the server's last token is its proof."""
    visit = Visit("/kerberos/")
    with kerberos() as client:
        status, reply = visit.request(client.step()[1])
        assert status == 200 and reply, f"{status}"
        return refused(lambda: client.step(reply[:-3] + bytes([reply[-3] ^ 1]) + reply[-2:]))


def token_changed_on_its_way():
    with kerberos() as client:
        token = client.step()[1]
    visit = Visit("/kerberos/")
    status, _ = visit.request(token[:-20] + bytes([token[-20] ^ 1]) + token[-19:])
    return None if status == 401 else f"{status}"


BOUND = {"bindings_hex": end_point_bindings().hex()}
ALICE, NTLM_ALICE, NTLM_BOB = "alice@" + REALM, r"EXAMPLE\alice", r"EXAMPLE\bob"

for path in ("/", "/kerberos/"):
    tap.run(f"Kerberos by ticket, {path}", lambda: welcome(kerberos, path, ALICE))
    tap.run(f"Kerberos by ticket, {path}, https", lambda: welcome(lambda: kerberos(**BOUND), path, ALICE, True))
tap.run("Kerberos by ticket, https, without channel bindings", lambda: welcome(kerberos, "/kerberos/", ALICE, True))
tap.run("Kerberos by password", lambda: welcome(kerberos_by_password, "/kerberos/", ALICE))
tap.run("Kerberos with delegation asked for",
        lambda: welcome(lambda: kerberos("mutual,delegate"), "/kerberos/", ALICE))
tap.run("Kerberos as it is, without SPNEGO", lambda: welcome(raw_kerberos, "/kerberos/", ALICE))
for path in ("/", "/ntlm/"):
    tap.run(f"NTLM, {path}", lambda: welcome(ntlm, path, NTLM_ALICE, scheme="NTLM"))
    tap.run(f"NTLM, {path}, https", lambda: welcome(lambda: ntlm(**BOUND), path, NTLM_ALICE, True, "NTLM"))
    tap.run(f"NTLM by Negotiate, {path}", lambda: welcome(lambda: ntlm(package="Negotiate"), path, NTLM_ALICE))
tap.run("NTLM, another user",
        lambda: welcome(lambda: ntlm(OTHER_USER, OTHER_PASSWORD), "/ntlm/", NTLM_BOB, scheme="NTLM"))
tap.run("NTLM, a wrong password is refused", lambda: denied(lambda: ntlm(password="wrong"), "/ntlm/", scheme="NTLM"))
tap.run("NTLM, an unknown user is refused", lambda: denied(lambda: ntlm("mallory"), "/ntlm/", scheme="NTLM"))
tap.run("NTLM where only Kerberos is taken is refused", lambda: denied(lambda: ntlm(package="Negotiate"), "/kerberos/"))
tap.run("Kerberos where only NTLM is taken is refused", lambda: denied(kerberos, "/ntlm/"))
tap.run("a ticket for another service is refused",
        lambda: denied(lambda: kerberos(target="deleg/localhost"), "/kerberos/", reason=SEC_E_WRONG_PRINCIPAL))
tap.run("a token changed on its way is refused", token_changed_on_its_way)
tap.run("our client refuses an answer changed on its way", answer_changed_on_its_way)
tap.run("Kerberos, a wrong password: nothing is sent",
        lambda: nothing_is_sent(lambda: kerberos_by_password("wrong"), SEC_E_LOGON_DENIED))
tap.run("Kerberos, a wrong realm: nothing is sent",
        lambda: nothing_is_sent(lambda: kerberos_by_password(realm="NOWHERE.TEST", package="Kerberos")))
tap.run("Kerberos, no ticket: nothing is sent",
        lambda: nothing_is_sent(lambda: raw_kerberos(NO_TICKETS), SEC_E_NO_CREDENTIALS))
tap.run("Kerberos, an unknown service: nothing is sent", lambda: nothing_is_sent(
    lambda: kerberos(target="HTTP/unknown", package_list="Kerberos"), SEC_E_TARGET_UNKNOWN))
tap.done()
