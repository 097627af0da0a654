"""What works against a domain controller of Samba; samba_dc.sh has started it. The folder of its world is the argument."""

import hashlib
import ssl

from interop import *
from ldap_connection import LdapConnection

tap = Tap()
need(tap, "tclsh", programs=["ntlm"])
world = sys.argv[1]
EXAMPLES = os.path.join(HERE, "..", "..", "examples")
HOST, ADDRESS, SERVICE = "dc1.example.test", "127.0.0.2", "HTTP/web.example.test"
BASE = "DC=example,DC=test"
PASSWORD_FILE = write_file(world + "/password", PASSWORD + "\n")
WRONG_FILE = write_file(world + "/wrong", "wrong\n")
CCACHE = "FILE:" + world + "/ccache"
KEYTAB = "FILE:" + world + "/service.keytab"
NO_TICKETS = {"KRB5CCNAME": "FILE:" + world + "/none"}
NO_KERBEROS = {**NO_TICKETS, "OPENSSPI_CONFIG": write_file(world + "/ntlm.conf", "[negotiate]\npackages = !kerberos\n")}
subprocess.run(["kinit", "-c", CCACHE, USER], input=PASSWORD, text=True, check=True, stdout=subprocess.DEVNULL)


# ---- A service of ours with the domain's keytab. ----

def client(package="Kerberos", want="sign,seal,mutual", **more):
    return Peer("ntlm", "client", want, package=package, target=SERVICE, env=NO_TICKETS, **more)


def service(package="Kerberos"):
    return Peer("ntlm", "server", "sign,seal", package=package, env={"KRB5_KTNAME": KEYTAB, "KRB5RCACHENAME": "none:"})


def log_on_to_service(package, account=r"EXAMPLE\alice", **identity):
    with client(package, **identity) as ours, service(package) as server:
        negotiate(ours, server)
        name, sid = server.text("identity").split(" ")[:2]
        assert name == server.text("user") == account, f"{name}, {server.text('user')}"
        assert sid.startswith("S-1-5-21-"), f"the SID is {sid}: no PAC"
        assert ours.text("package") == server.text("package") == "Kerberos"
        assert ours.key() == server.key() and len(ours.key()) == 32, "session keys differ"
        sign_both_ways(ours, server)
        seal_both_ways(ours, server)


FORMS = {
    "user and domain": dict(),
    "user and realm": dict(domain="EXAMPLE.TEST"),
    "user and DNS domain in lower case": dict(domain="example.test"),
    "user in capitals": dict(user="ALICE"),
    r"DOMAIN\user": dict(user=r"EXAMPLE\alice", domain=""),
    "user@realm": dict(user="alice@EXAMPLE.TEST", domain=""),
    "user@domain": dict(user="alice@example", domain=""),
}
for package in ("Kerberos", "Negotiate"):
    for form, identity in FORMS.items():
        tap.run(f"{package}: {form} and password; the service gets the account out of the PAC",
                lambda: log_on_to_service(package, **identity))
tap.run("Kerberos: a userPrincipalName of another domain; the PAC has the account's own name",
        lambda: log_on_to_service("Kerberos", r"EXAMPLE\bob", user="robert@people.test", domain=""))


def refused_with(package, words, **identity):
    try:
        with client(package, **identity) as ours:
            ours.step()
    except Failed as error:
        assert error.status == SEC_E_LOGON_DENIED, f"{error}: not SEC_E_LOGON_DENIED"
        assert words in str(error), f'"{error}" does not say "{words}"'
        return
    raise AssertionError("it logged on")


# The words for Kerberos, and the Windows error number in what the domain controller answers to NTLM over LDAP.
REVOKED = "locked, disabled or expired"
REFUSALS = {
    "a wrong password": (dict(password="wrong"), "check the user's name and password", "52e"),
    "an unknown user": (dict(user="nobody"), "not found in Kerberos database", "52e"),
    "a disabled account": (dict(user="disabled"), REVOKED, "533"),
    "an expired account": (dict(user="expired"), REVOKED, "701"),
    "a locked account": (dict(user="locked"), REVOKED, "775"),
    "an expired password": (dict(user="stale"), "password has expired", "532"),
    "a password that must be changed": (dict(user="change"), "password has expired", "773"),
}
for package in ("Kerberos", "Negotiate"):
    for name, (identity, words, _) in REFUSALS.items():
        tap.run(f"{package}: {name}: SEC_E_LOGON_DENIED, \"{words}\"", lambda: refused_with(package, words, **identity))


# ---- LDAP from Tcl. ----

def ldap(script, *words, user=None, domain="EXAMPLE", password=PASSWORD_FILE, host=HOST, find="alice", wanted=("objectSid",),
         env=NO_TICKETS, **options):
    command = ["tclsh", os.path.join(EXAMPLES, script), "-host", host]
    if user:
        command += ["-user", user, "-domain", domain, "-passwordfile", password]
    for option, value in options.items():
        command += ["-" + option, value]
    done = subprocess.run(command + [BASE, "sAMAccountName", find, *wanted, *words], capture_output=True, text=True,
                          env={**os.environ, "TCLLIBPATH": BUILD + "/tcl", **env}, timeout=120)
    return done.returncode, done.stdout.splitlines(), done.stderr


def finds(chosen, in_force, script="negotiate_ldap.tcl", **more):
    code, lines, errors = ldap(script, **more)
    assert code == 0, f"exit status {code}: {errors}"
    if script == "negotiate_ldap.tcl":
        assert lines[0] == f"# package: {chosen}, layer: {in_force}", lines[0]
        lines = [line for line in lines if not line.startswith("#")]
    assert lines[0] == f"dn: CN={more.get('find', 'alice')},CN=Users,DC=example,DC=test", lines
    return lines


def finds_sid(*arguments, **more):
    lines = finds(*arguments, **more)
    assert len(lines) == 2 and lines[1].startswith("objectSid: <01050000"), lines


def finds_photo(*arguments, **more):
    lines = finds(*arguments, find="bob", wanted=["jpegPhoto"], **more)
    assert lines[1:] == ["jpegPhoto: " + "y" * 200000], f"{len(lines)} lines, {len(lines[-1])} bytes in the last"


def refuses(*words, **more):
    code, lines, errors = ldap(more.pop("script", "negotiate_ldap.tcl"), **more)
    assert code == 1, f"exit status {code}: {lines}"
    missing = [word for word in words if word not in errors]
    assert not missing, f'"{errors.strip()}" does not say {missing}'


TICKETS = dict(env={"KRB5CCNAME": CCACHE})
AS_ALICE = dict(user="alice")
BY_ADDRESS = dict(user="alice", host=ADDRESS)
for layer in ("seal", "sign"):
    for how, more in (("tickets", TICKETS), ("a password", AS_ALICE)):
        tap.run(f"LDAP, GSSAPI, {layer}, with {how}",
                lambda: finds_sid("Kerberos", layer, script="kerberos_ldap.tcl", layer=layer, **more))
        tap.run(f"LDAP, GSS-SPNEGO with Kerberos inside, {layer}, with {how}",
                lambda: finds_sid("Kerberos", layer, layer=layer, **more))
tap.run("LDAP, GSS-SPNEGO with NTLM inside since the target is an address", lambda: finds_sid("NTLM", "seal", **BY_ADDRESS))
tap.run("LDAP, GSS-SPNEGO with NTLM inside since the configuration has no Kerberos",
        lambda: finds_sid("NTLM", "seal", user="alice", env=NO_KERBEROS))
tap.run("LDAP, a UPN of another domain, NTLM inside",
        lambda: finds_sid("NTLM", "seal", user="robert@people.test", domain="", host=ADDRESS))
tap.run(r"LDAP, DOMAIN\user, NTLM inside", lambda: finds_sid("NTLM", "seal", user=r"EXAMPLE\alice", domain="", host=ADDRESS))
for title, more in (("Kerberos", AS_ALICE), ("NTLM", BY_ADDRESS)):
    tap.run(f"LDAP, {title} inside: an answer of 200000 bytes in one encrypted message",
            lambda: finds_photo(title, "seal", **more))
    tap.run(f"LDAP, {title} inside: a request of 100000 bytes",
            lambda: finds_sid(title, "seal", wanted=["objectSid"] + ["x" * 100] * 1000, **more))
tap.run("LDAP, GSSAPI, sign: an answer of 200000 bytes in one signed message",
        lambda: finds_photo("Kerberos", "sign", script="kerberos_ldap.tcl", layer="sign", **AS_ALICE))
tap.run("LDAP without a layer is refused by the domain controller: Kerberos",
        lambda: refuses("code 8", script="kerberos_ldap.tcl", layer="none", **AS_ALICE))
tap.run("LDAP without a layer is refused by the domain controller: GSS-SPNEGO with Kerberos inside",
        lambda: refuses("code 8", layer="none", **AS_ALICE))
tap.run("LDAP without a layer is refused by the domain controller: NTLM", lambda: refuses("code 8", layer="none", **BY_ADDRESS))
for name, (identity, _, number) in REFUSALS.items():
    who = dict(user=identity.get("user", "alice"), password=WRONG_FILE if "password" in identity else PASSWORD_FILE)
    tap.run(f"LDAP, NTLM inside: {name}: the domain controller says {number}",
            lambda: refuses("code 49", f"data {number},", host=ADDRESS, **who))
    tap.run(f"LDAP, Kerberos inside: {name}: no NTLM is tried", lambda: refuses("SEC_E_LOGON_DENIED", "log-on at the KDC", **who))

# The log-on is bound to the TLS channel; this domain controller looks at no bindings, so that this shows only that it
# takes them, and that a log-on without a layer is what it wants over TLS.
TLS = dict(port="636", tls=world + "/dc.pem")
tap.run("LDAP over TLS, GSSAPI, bound to the channel", lambda: finds_sid("Kerberos", "none", script="kerberos_ldap.tcl", **TLS, **AS_ALICE))
for how, more in (("tickets", TICKETS), ("a password", AS_ALICE)):
    tap.run(f"LDAP over TLS, GSS-SPNEGO with Kerberos inside, bound to the channel, with {how}",
            lambda: finds_sid("Kerberos", "none", **TLS, **more))
tap.run("LDAP over TLS, GSS-SPNEGO with NTLM inside, bound to the channel",
        lambda: finds_sid("NTLM", "none", user="alice", env=NO_KERBEROS, **TLS))
tap.run("LDAP over TLS: a certificate that is not trusted",
        lambda: refuses("SEC_E_UNTRUSTED_ROOT", user="alice", port="636", tls=world + "/other.pem"))


# ---- LDAP from C. ----

def search_as(peer, package, sealed, tls=None, spnego=True):
    with peer, LdapConnection(HOST, tls) as connection:
        first = connection.log_on(peer)
        assert first.startswith(b"NTLMSSP") != spnego, f"SPNEGO is due: {spnego}; the first token: {first[:8].hex()}"
        assert peer.text("package") == package, peer.text("package")
        if sealed:
            connection.protect(peer, {"NTLM": 16, "Kerberos": 60}[package])
        for find in (USER, OTHER_USER, USER):  # numbers and RC4 states count on
            found = connection.search(BASE, find)
            assert f"CN={find},CN=Users,DC=example,DC=test".encode() in found, found


def ldap_client(want, **more):
    return Peer("ntlm", "client", want, package="Negotiate", target="ldap/" + HOST, env=NO_TICKETS, **more)


for order in ("NTLM,Kerberos", "Kerberos,NTLM", "NTLM", "!kerberos", "!ntlm"):
    chosen = "NTLM" if order in ("NTLM", "!kerberos") or order.startswith("NTLM,") else "Kerberos"
    tap.run(f"LDAP, PackageList {order}: {chosen}, sealed messages behind the log-on",
            lambda: search_as(ldap_client("sign,seal", package_list=order), chosen, True,
                              spnego=order not in ("NTLM", "!kerberos")))  # NTLM alone goes as it is
# tls-server-end-point of the certificate, RFC 5929.
CERTIFICATE = ssl.PEM_cert_to_DER_cert(open(world + "/dc.pem", encoding="ascii").read())
BINDINGS = (b"tls-server-end-point:" + hashlib.sha256(CERTIFICATE).digest()).hex()
for order in ("NTLM,Kerberos", "Kerberos"):
    chosen = order.split(",")[0]
    tap.run(f"LDAP over TLS, PackageList {order}: {chosen} with ISC_REQ_NO_INTEGRITY, bound to the channel",
            lambda: search_as(ldap_client("no-integrity", package_list=order, bindings_hex=BINDINGS), chosen, False,
                              world + "/dc.pem"))
tap.done()
