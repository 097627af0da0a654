"""Negotiate with Kerberos inside, against MIT's SPNEGO and Samba's ntlm_auth, in both roles. OPENSSPI_KDC names the
folder of the KDC (kdc.sh)."""

from interop import *

tap = Tap()
need(tap, programs=["ntlm", "gss"])
keep, folder = scratch()
KDC = os.environ["OPENSSPI_KDC"]
REALM = "OPENSSPI.TEST"
# gss-ntlmssp takes the first line for its own user. The second is for a log-on by one name with either package.
ACCOUNTS = write_file(folder + "/accounts", f"{DOMAIN}:{USER}:{PASSWORD}\n{REALM}:{USER}:{PASSWORD}\n")
ALICE = "alice@" + REALM
PROTECTED = "sign,seal,mutual"

SEC_E_INVALID_TOKEN = "80090308"
SEC_E_KDC_UNKNOWN_ETYPE = "80090342"
SEC_E_BAD_BINDINGS = "80090346"
GSS_S_BAD_BINDINGS, GSS_S_BAD_SIG = "00040000", "00060000"
ISC_RET_DELEGATE, ISC_RET_MUTUAL_AUTH = 1, 2
GSS_C_DELEG_FLAG = 1

OID_KERBEROS = bytes.fromhex("06092a864886f712010202")
OID_MS_KERBEROS = bytes.fromhex("06092a864882f712010202")
OID_NTLM = bytes.fromhex("060a2b06010401823702020a")
MIC_OF_CLIENT, MIC_OF_SERVER = bytes.fromhex("0404"), bytes.fromhex("0405")  # RFC 4121 4.2.6.1: TOK_ID and direction


# ---- The ends.

def environment(kind="aes256", tickets=True):
    """kind: which encryption type both ends prefer."""
    return {"KRB5_CONFIG": f"{KDC}/krb5-{kind}.conf", "NTLM_USER_FILE": ACCOUNTS,
            "KRB5CCNAME": f"FILE:{KDC}/ccache" if tickets else "FILE:/nonexistent/ccache"}


def ours(role, want=PROTECTED, kind="aes256", tickets=True, user="", domain="", password="", package="Negotiate",
         keytab="", **more):
    if role == "client":
        more.setdefault("target", kind + "/localhost")
    elif more.get("package_list") not in ("Kerberos", "!ntlm"):
        more["accounts"] = "plain:" + ACCOUNTS
    environs = {**environment(kind, tickets), **({"KRB5_KTNAME": keytab} if keytab else {})}
    return Peer("ntlm", role, want, user, domain, password, environs, package=package, **more)


def mit(role, want=PROTECTED, kind="aes256", mechanisms="krb5", package="Negotiate", **more):
    if role == "client":  # with NTLM in its list it takes names of this form only
        more.setdefault("target", kind + "@localhost")
    return Peer("gss", role, want, "", "", "", environment(kind), package=package, mechanisms=mechanisms, **more)


class Samba(NtlmAuth):
    """ntlm_auth with Kerberos, by alice's password or the service's keytab."""

    def __init__(self, role):
        self.role, self.spnego, self.verb, self.name = role, True, "YR", "ntlm_auth " + role
        command = ["ntlm_auth", "--configfile=" + SAMBA_CONFIG, "--helper-protocol=" + self.PROTOCOLS[role, True]]
        if role == "client":
            command += ["--username=alice", "--domain=" + REALM, "--password=" + PASSWORD, "--target-service=HTTP",
                        "--target-hostname=web.openssspi.test"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        stderr=subprocess.DEVNULL, env={**os.environ, **environment()})
        self.ask("SF NTLMSSP_FEATURE_SESSION_KEY NTLMSSP_FEATURE_SIGN NTLMSSP_FEATURE_SEAL")


SAMBA_CONFIG = write_file(folder + "/smb.conf", (
    f"[global]\nworkgroup = EXAMPLE\nrealm = {REALM}\nnetbios name = PEER\nserver role = member server\nsecurity = ads\n"
    f"kerberos method = dedicated keytab\ndedicated keytab file = FILE:{KDC}/service.keytab\n"
    f"client use kerberos = required\nlog file = {folder}/log\n"
    + "".join(f"{name} directory = {folder}\n" for name in ("state", "cache", "lock", "pid"))
    + f"private dir = {folder}\nncalrpc dir = {folder}\n"))


# ---- What is looked at.

def talk(client, server):
    assert client.key() == server.key(), "session keys differ"
    sign_both_ways(client, server)
    seal_both_ways(client, server)


def wrapped(sender, receiver):
    """gss_wrap's tokens in one piece, as protocols of SASL have them."""
    for data in MESSAGES:
        opened = receiver.unseal(b"", sender.wrap(data))
        assert opened == data, f"{len(data)} bytes from {sender.name} changed on the way"


def agree(client, server, package="Kerberos", user=ALICE, service="aes256/localhost@" + REALM):
    """Both ends say the same of what they came to."""
    for end in (client, server):
        assert end.text("package") == package, f"{end.name}: {end.text('package')}"
        assert end.text("user") == user, f"{end.name}: {end.text('user')}"
    if package == "Kerberos":
        assert client.text("server") == service, client.text("server")


def is_spnego(token):
    return token[:1] in (b"\x60", b"\xa1")


def kinds(tokens):
    return [token[:1].hex() for token in tokens]


def carry_on(client, server):
    """A log-on in SPNEGO's two tokens, and messages after it."""
    tokens = negotiate(client, server)
    assert kinds(tokens) == ["60", "a1"] and OID_NTLM not in tokens[0], kinds(tokens)
    talk(client, server)
    return tokens


def plain(kind, client_of, server_of):
    with client_of("client", kind=kind) as client, server_of("server", kind=kind) as server:
        carry_on(client, server)
        agree(client, server, service=f"{kind}/localhost@{REALM}")
        if client_of is mit:
            wrapped(client, server)
        if server_of is mit:
            wrapped(server, client)


# ---- Another mechanism than the client's first: both mechListMICs, which take the first numbers.

def reselected(client, server):
    with client, server:
        tokens = negotiate(client, server)
        assert [MIC_OF_SERVER in tokens[3], MIC_OF_CLIENT in tokens[4]] == [True, True] and len(tokens) == 5, "the MICs"
        talk(client, server)


def wants_ntlm_first(client_of, server_of, kind):
    if client_of is ours:
        client = ours("client", kind=kind, package_list="NTLM,Kerberos")
    else:
        client = mit("client", kind=kind, mechanisms="ntlm,krb5")
    server = mit("server", kind=kind) if server_of is mit else ours("server", kind=kind, package_list="Kerberos")
    reselected(client, server)


def chosen_of_both(mechanisms, package_list, package, **more):
    """MIT's client offers both; which is taken is the client's order, as far as our server has it."""
    user = ALICE if package == "Kerberos" else rf"{DOMAIN}\{USER}"
    more.update({"package_list": package_list} if package_list else {})
    with mit("client", "sign,seal", mechanisms=mechanisms) as client, ours("server", "sign,seal", **more) as server:
        negotiate(client, server)
        assert client.text("package") == server.text("package") == package, server.text("package")
        assert server.text("user") == user, server.text("user")
        talk(client, server)


# ---- What a log-on can have.

def one_way(client_of, server_of):
    """Without mutual authentication the server has nothing of Kerberos to answer, and says that it is complete."""
    with client_of("client", "sign,seal") as client, server_of("server", "sign,seal") as server:
        tokens = carry_on(client, server)
        assert tokens[1].startswith(bytes.fromhex("a1143012a0030a0100")), tokens[1].hex()
        assert client.flags() & ISC_RET_MUTUAL_AUTH == 0


def dce(client_of, server_of, package="Negotiate"):
    with client_of("client", "sign,seal,mutual,dce", package=package) as client, \
            server_of("server", "sign,seal,mutual,dce") as server:
        tokens = negotiate(client, server)
        wanted = ["60", "a1", "a1", "a1"] if package == "Negotiate" else ["6e", "6f", "6f"]
        assert kinds(tokens) == wanted, kinds(tokens)
        agree(client, server)
        talk(client, server)


def raw(client_of, server_of):
    """Kerberos' tokens without SPNEGO around them."""
    with client_of("client", package="Kerberos") as client, server_of("server") as server:
        tokens = negotiate(client, server)
        assert kinds(tokens) == ["60", "60"] and tokens[0][4:].startswith(OID_KERBEROS), tokens[0][:20].hex()
        agree(client, server)
        talk(client, server)


def hinted(server_of):
    with ours("client") as client, server_of("server") as server:
        _, hint = server.step()
        tokens = negotiate(client, server, hint)
        assert kinds(tokens) == ["60", "a1"], kinds(tokens)
        agree(client, server)
        talk(client, server)


def delegated(client_of, server_of):
    with client_of("client", PROTECTED + ",delegate", target="deleg/localhost") as client, server_of("server") as server:
        negotiate(client, server)
        assert client.flags() & 1 and server.flags() & 1, "the flag of delegation"  # the same bit in SSPI and GSSAPI
        assert server.text("delegated") == ALICE, server.text("delegated")
        talk(client, server)


def not_delegated():
    """As on Windows: only to services that the KDC trusts with it."""
    with ours("client", PROTECTED + ",delegate") as client, mit("server") as server:
        negotiate(client, server)
        assert client.flags() & ISC_RET_DELEGATE == 0 and server.flags() & GSS_C_DELEG_FLAG == 0
        return refused(lambda: server.text("delegated"))


def bound(client_of, server_of, of_client, of_server):
    with client_of("client", **({"bindings": of_client} if of_client else {})) as client, \
            server_of("server", **({"bindings": of_server} if of_server else {})) as server:
        negotiate(client, server)
        talk(client, server)


def bound_otherwise(client_of, server_of, of_client):
    status = SEC_E_BAD_BINDINGS if server_of is ours else GSS_S_BAD_BINDINGS
    return refused(lambda: bound(client_of, server_of, of_client, "tls-unique:server"), status)


def exported(client_of, server_of, mechanisms, package_list):
    """Numbers and keys go on where they were, also behind the mechListMICs."""
    more = {"package_list": package_list}
    client = ours("client", **more) if client_of is ours else mit("client", mechanisms=mechanisms)
    server = ours("server", **more) if server_of is ours else mit("server", mechanisms=mechanisms)
    with client, server:
        negotiate(client, server)
        talk(client, server)
        end = client if client_of is ours else server
        package, user = end.text("package"), end.text("user")
        end.ask("pack")
        talk(client, server)
        assert (end.text("package"), end.text("user")) == (package, user), end.text("package")


def by_password():
    with ours("client", tickets=False, user=USER, domain=REALM, password=PASSWORD) as client, mit("server") as server:
        carry_on(client, server)
        agree(client, server)


def wrong_password():
    """The KDC's no is a no: nobody goes on with NTLM."""
    with ours("client", tickets=False, user=USER, domain=REALM, password="wrong") as client:
        return refused(client.step, SEC_E_LOGON_DENIED)


# ---- The two names of Kerberos.

def in_list(init, old, new):
    """Replaces one OID of the list by another of the same length; the token inside is left alone."""
    at = init.index(old)
    assert len(old) == len(new) and at < 60, "the OID is in the list"
    return init[:at] + new + init[at + len(old):]


def named_as_windows_does(server_of):
    """The server says the mechanism's name as the client spelt it; our client knows both."""
    with ours("client") as client, server_of("server") as server:
        init = client.step()[1]
        both = OID_KERBEROS + OID_MS_KERBEROS
        swapped = in_list(init, both, OID_MS_KERBEROS + OID_KERBEROS)
        done, reply = server.step(swapped)
        assert done and OID_MS_KERBEROS in reply[:30], reply[:30].hex()
        assert client.step(reply) == (True, b"")
        talk(client, server)


def windows_name_alone():
    with mit("client") as client, ours("server") as server:
        done, reply = server.step(in_list(client.step()[1], OID_KERBEROS, OID_MS_KERBEROS))
        assert done and OID_MS_KERBEROS in reply[:30], reply[:30].hex()


# ---- Somebody between the ends.

def der(tag, *parts):
    body = b"".join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    return bytes([tag, 0x82]) + len(body).to_bytes(2, "big") + body


def reply_of(mechanism, token, state=1):
    parts = [der(0xA0, der(0x0A, bytes([state])))]
    parts += [der(0xA1, mechanism)] if mechanism else []
    parts += [der(0xA2, der(0x04, token))] if token else []
    return der(0xA1, der(0x30, *parts))


def challenge_of_ntlm():
    """What a server of NTLM would say, for somebody who has one at hand."""
    with Peer("ntlm", "client", "sign,seal") as client, ours("server", package="NTLM") as server:
        return server.step(client.step()[1])[1]


def stepped_down(mechanism, state):
    """Kerberos' token was sent; the answer is NTLM's challenge."""
    with ours("client") as client:
        client.step()
        return refused(lambda: client.step(reply_of(mechanism, challenge_of_ntlm(), state)), SEC_E_INVALID_TOKEN)


def challenge_as_it_is():
    with ours("client") as client:
        client.step()
        return refused(lambda: client.step(challenge_of_ntlm()), SEC_E_INVALID_TOKEN)


def kerberos_taken_out_of_the_list(server_of):
    """Our client named both packages, so the server may choose; but it sees a list that ours did not send."""
    server = mit("server", "sign,seal", mechanisms="krb5,ntlm") if server_of is mit else ours("server", "sign,seal")
    status = SEC_E_MESSAGE_ALTERED if server_of is ours else GSS_S_BAD_SIG
    with Peer("ntlm", "client", "sign,seal", USER, REALM, PASSWORD, environment(), package="Negotiate",
              package_list="Kerberos,NTLM", target="aes256/localhost") as client, server:
        init = client.step()[1]
        assert OID_KERBEROS in init[:60] and OID_NTLM in init[:60], "both are offered"
        shorter = der(0x60, bytes.fromhex("06062b0601050502"), der(0xA0, der(0x30, der(0xA0, der(0x30, OID_NTLM)))))
        _, reply = server.step(shorter)
        return refused(lambda: negotiate(client, server, reply), status)


def list_changed_under_kerberos():
    """The MIC that Kerberos makes covers the list as it was sent."""
    with ours("client", package_list="NTLM,Kerberos") as client, ours("server", package_list="Kerberos") as server:
        changed = in_list(client.step()[1], OID_KERBEROS + OID_MS_KERBEROS, OID_MS_KERBEROS + OID_KERBEROS)
        _, reply = server.step(changed)
        return refused(lambda: negotiate(client, server, reply), SEC_E_MESSAGE_ALTERED)


def mic_changed(of_server):
    with ours("client", package_list="NTLM,Kerberos") as client, mit("server") as server:
        ap_req = client.step(server.step(client.step()[1])[1])[1]
        reply = server.step(ap_req)[1]
        assert MIC_OF_SERVER in reply
        if of_server:
            return refused(lambda: client.step(reply[:-1] + bytes([reply[-1] ^ 1])), SEC_E_MESSAGE_ALTERED)
    with mit("client", mechanisms="ntlm,krb5") as client, ours("server", package_list="Kerberos") as server:
        mic = client.step(server.step(client.step(server.step(client.step()[1])[1])[1])[1])[1]
        assert MIC_OF_CLIENT in mic
        return refused(lambda: server.step(mic[:-1] + bytes([mic[-1] ^ 1])), SEC_E_MESSAGE_ALTERED)


def replayed(package):
    with mit("client", package=package) as client, ours("server") as first, ours("server") as second:
        token = client.step()[1]
        first.step(token)
        return refused(lambda: second.step(token))


def any_byte_changed(which):
    """Whatever byte is changed: never are both ends established on different things."""
    refusals = 0
    with ours("client") as client, ours("server") as server:
        length = len(negotiate(client, server)[which])
        for at in range(0, length, 11 if which == 0 else 3):
            client.ask("reset")
            server.ask("reset")
            tokens = [client.step()[1], b""]
            try:
                tokens[0] = changed(tokens[0], at) if which == 0 else tokens[0]
                tokens[1] = server.step(tokens[0])[1]
                tokens[1] = changed(tokens[1], at) if which == 1 else tokens[1]
                client.step(tokens[1])
            except Failed:
                refusals += 1
                continue
            agree(client, server)
            assert client.key() == server.key(), f"byte {at}: session keys differ"
        assert refusals * 2 > length // (11 if which == 0 else 3), f"only {refusals} refused"


def changed(token, at):
    return token[:at] + bytes([token[at] ^ 0x20]) + token[at + 1:]


# ---- The choice.

def without_a_ticket():
    """NTLM is taken where Kerberos has no way to the service, and the reason can be asked for."""
    with Peer("ntlm", "client", "sign,seal", USER, DOMAIN, PASSWORD, environment(tickets=False), package="Negotiate",
              target="HTTP/192.0.2.7") as client, mit("server", "sign,seal", mechanisms="krb5,ntlm") as server:
        tokens = negotiate(client, server)
        assert tokens[0].startswith(b"NTLMSSP\0") and client.text("package") == "NTLM"
        assert "Kerberos: the target is an IP address" in client.text("fallback"), client.text("fallback")
        talk(client, server)


def weak_service():
    """A service that has RC4 alone: that is no reason for something weaker still."""
    with ours("client", target="rc4/localhost") as client:
        return refused(client.step, SEC_E_KDC_UNKNOWN_ETYPE)


def server_has_ntlm_alone():
    with ours("client") as client, mit("server", mechanisms="ntlm") as server:
        return refused(lambda: negotiate(client, server))


# ---- Samba.

def samba_s_client():
    with Samba("client") as client, ours("server") as server:
        tokens = negotiate(client, server)
        assert tokens[0].index(OID_MS_KERBEROS) < 60, "Samba names Kerberos as Windows does"
        assert server.text("user") == ALICE and server.text("package") == "Kerberos"
        assert client.key() == server.key(), "session keys differ"


def samba_s_server():
    """Samba makes an account of a domain's PAC only, which no MIT KDC gives; its token is good before that."""
    with ours("client", target="HTTP/web.openssspi.test") as client, Samba("server") as server:
        answer = server.ask("YR " + base64.b64encode(client.step()[1]).decode())
        if not answer.startswith("BH Failed to retrieve session info "):
            return answer
        assert client.step(base64.b64decode(answer.split()[-2])) == (True, b"")
        assert client.flags() & ISC_RET_MUTUAL_AUTH and client.text("package") == "Kerberos"


PAIRS = [(ours, ours, "our client and our server"), (ours, mit, "our client at MIT's server"),
         (mit, ours, "MIT's client at our server")]
for kind in ("aes256", "aes128", "sha384", "sha256"):
    for client_of, server_of, who in PAIRS:
        tap.run(f"{who}, {kind}: log-on, messages both ways", lambda: plain(kind, client_of, server_of))
        tap.run(f"{who}, {kind}: behind both mechListMICs", lambda: wants_ntlm_first(client_of, server_of, kind))
for client_of, server_of, who in PAIRS:
    tap.run(f"{who}: without mutual authentication", lambda: one_way(client_of, server_of))
    tap.run(f"{who}: DCE style", lambda: dce(client_of, server_of))
    tap.run(f"{who}: Kerberos as it is", lambda: raw(client_of, server_of))
    tap.run(f"{who}: delegation", lambda: delegated(client_of, server_of))
    tap.run(f"{who}: the same channel bindings", lambda: bound(client_of, server_of, "tls-unique:a", "tls-unique:a"))
    tap.run(f"{who}: channel bindings of the client alone", lambda: bound(client_of, server_of, "tls-unique:a", ""))
    tap.run(f"{who}: other channel bindings are refused", lambda: bound_otherwise(client_of, server_of, "tls-unique:b"))
    if server_of is ours:
        tap.run(f"{who}: Kerberos as it is, DCE style", lambda: dce(client_of, server_of, "Kerberos"))
        tap.run(f"{who}: missing channel bindings are refused", lambda: bound_otherwise(client_of, server_of, ""))
tap.run("our client at MIT's server: exported and imported", lambda: exported(ours, mit, "krb5", "Kerberos"))
tap.run("our client at MIT's server: exported and imported behind the MICs",
        lambda: exported(ours, mit, "krb5", "NTLM,Kerberos"))
tap.run("MIT's client at our server: exported and imported", lambda: exported(mit, ours, "krb5", "Kerberos"))
tap.run("MIT's client at our server: exported and imported behind the MICs",
        lambda: exported(mit, ours, "ntlm,krb5", "Kerberos"))
tap.run("our client delegates nothing to a service that is not trusted", not_delegated)
tap.run("our server speaks first to our client", lambda: hinted(ours))
tap.run("MIT's server speaks first to our client", lambda: hinted(mit))
for mechanisms, package_list, package in (("krb5,ntlm", "", "Kerberos"), ("ntlm,krb5", "", "NTLM"),
                                          ("krb5,ntlm", "NTLM", "NTLM"), ("ntlm,krb5", "Kerberos", "Kerberos"),
                                          ("krb5,ntlm", "!ntlm", "Kerberos"), ("krb5,ntlm", "!kerberos", "NTLM")):
    has = f"with the list {package_list}" if package_list else "with both"
    tap.run(f"MIT's client offers {mechanisms}, our server {has}: {package}",
            lambda: chosen_of_both(mechanisms, package_list, package))
tap.run("MIT's client offers krb5,ntlm, our server has no keytab: NTLM",
        lambda: chosen_of_both("krb5,ntlm", "", "NTLM", keytab="FILE:/nonexistent/keytab"))
tap.run("our client logs on to MIT's server by password", by_password)
tap.run("a wrong password is refused, and NTLM is not tried", wrong_password)
tap.run("Windows' name of Kerberos first in the list, our server", lambda: named_as_windows_does(ours))
tap.run("Windows' name of Kerberos first in the list, MIT's server", lambda: named_as_windows_does(mit))
tap.run("Windows' name of Kerberos alone in the list of MIT's client", windows_name_alone)
for mechanism, words in ((OID_NTLM, "by name"), (b"", "without a name"), (OID_KERBEROS, "under Kerberos' name")):
    for state in (0, 1, 3):
        tap.run(f"NTLM's challenge after Kerberos' token is refused: {words}, negState {state}",
                lambda: stepped_down(mechanism, state))
tap.run("NTLM's challenge after Kerberos' token is refused: without SPNEGO", challenge_as_it_is)
tap.run("Kerberos taken out of the list on the way to our server is found", lambda: kerberos_taken_out_of_the_list(ours))
tap.run("Kerberos taken out of the list on the way to MIT's server is found", lambda: kerberos_taken_out_of_the_list(mit))
tap.run("a list changed on its way is found by Kerberos' MIC", list_changed_under_kerberos)
tap.run("our client refuses a changed mechListMIC of MIT's server", lambda: mic_changed(True))
tap.run("our server refuses a changed mechListMIC of MIT's client", lambda: mic_changed(False))
tap.run("our server refuses a NegTokenInit for the second time", lambda: replayed("Negotiate"))
tap.run("our server refuses a raw token for the second time", lambda: replayed("Kerberos"))
tap.run("any byte of the client's token changed", lambda: any_byte_changed(0))
tap.run("any byte of the server's token changed", lambda: any_byte_changed(1))
tap.run("a service at an IP address: NTLM, and why", without_a_ticket)
tap.run("a service with RC4 alone is refused, and NTLM is not tried", weak_service)
tap.run("a server without Kerberos does not get NTLM in its place", server_has_ntlm_alone)
if shutil.which("ntlm_auth"):
    tap.run("ntlm_auth's gss-spnego-client logs on to our server; same session key", samba_s_client)
    tap.run("our client accepts the token of ntlm_auth's gss-spnego", samba_s_server)
else:
    tap.skip("Samba's ntlm_auth", "not installed (winbind)")
tap.done()
