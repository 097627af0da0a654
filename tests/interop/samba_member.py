"""Log-ons that winbindd verifies; samba_member.sh has started it. The folder of its world is the argument."""

import contextlib
import signal
import time

from interop import *

tap = Tap()
need(tap, "ntlm_auth", "setpriv", programs=["ntlm"])
world = sys.argv[1]
SEC_E_NO_AUTHENTICATING_AUTHORITY = "80090311"
ON_MEMBER = ["nsenter", "--target", os.environ["OPENSSPI_MEMBER"], "--mount", "--root"]
AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
IN_GROUP = ["setpriv", "--reuid=65534", "--regid=65534", "--groups=winbindd_priv"]
HOST = "[host]\nnetbios_name = MEMBER1\nnetbios_domain = EXAMPLE\ndns_name = member1.example.test\n" \
       "dns_domain = example.test\ndomain_member = yes\n"
CONFIGURATION = write_file(world + "/opensspi.conf", HOST + "[ntlm]\naccounts = winbind\n")
os.chmod(CONFIGURATION, 0o644)
ALL = "NTLMSSP_FEATURE_SESSION_KEY NTLMSSP_FEATURE_SIGN NTLMSSP_FEATURE_SEAL"


def ours(package="NTLM", **more):
    return Peer("ntlm", "client", "sign,seal", package=package, env={"KRB5CCNAME": "FILE:" + world + "/none"}, **more)


def samba(spnego=False, **identity):
    return NtlmAuth("client", "/etc/samba/smb.conf", ALL, spnego=spnego, **identity)


def server(package="NTLM", identity=(), env=None):
    return Peer("ntlm", "server", "sign,seal", package=package, prefix=[*ON_MEMBER, *identity],
                env={"OPENSSPI_CONFIG": CONFIGURATION, "KRB5RCACHENAME": "none:", **(env or {})})


def is_alice(client, acceptor, source="winbind"):
    name, sid, *vouched = acceptor.text("identity").split(" ")
    assert name == acceptor.text("user") == r"EXAMPLE\alice", f"{name}, {acceptor.text('user')}"
    assert sid.startswith("S-1-5-21-") and vouched == [source], f"{sid} by {vouched}"
    assert client.key() == acceptor.key() and any(client.key()), "session keys differ"
    if isinstance(client, Peer):
        sign_both_ways(client, acceptor)
        seal_both_ways(client, acceptor)


def ntlm(client, acceptor):
    with client, acceptor:
        log_on(client, acceptor)
        is_alice(client, acceptor)


def spnego(client, acceptor, package, source):
    with client, acceptor:
        negotiate(client, acceptor)
        assert acceptor.text("package") == package, acceptor.text("package")
        is_alice(client, acceptor, source)


def refused_with(words, status, client, acceptor, carry=log_on):
    try:
        with client, acceptor:
            carry(client, acceptor)
    except Failed as error:
        assert error.status == status, f"{error}: not {status}"
        assert words in str(error), f'"{error}" does not say "{words}"'
        return
    raise AssertionError("it logged on")


FORMS = {
    "user and domain": dict(),
    "user and DNS domain": dict(domain="example.test"),
    "user in capitals": dict(user="ALICE"),
    "user@realm": dict(user="alice@EXAMPLE.TEST", domain=""),
}
for form, identity in FORMS.items():
    tap.run(f"our client, {form}: the domain's name for the account, the same session key, messages both ways",
            lambda: ntlm(ours(**identity), server()))
tap.run("ntlm_auth as client: the same session key", lambda: ntlm(samba(), server()))
tap.run("as a member of the group winbindd_priv without further rights", lambda: ntlm(ours(), server(identity=IN_GROUP)))

# NTLMv1, which the domain would take; with extended session security its challenge is another for the domain.
WEAK = {"OPENSSPI_CONFIG": write_file(world + "/weak.conf", HOST + "[ntlm]\naccounts = winbind\nallow_weak = yes\nlm_level = 1\n")}
OLD = ("[global]\nworkgroup = EXAMPLE\nclient ntlmv2 auth = no\n" + f"private dir = {world}\nncalrpc dir = {world}\n"
       + "".join(f"{name} directory = {world}\n" for name in ("state", "cache", "lock", "pid")))
V1 = write_file(world + "/v1.conf", OLD)
V1_PLAIN = write_file(world + "/v1plain.conf", OLD + "ntlmssp_client:ntlm2 = no\n")
for name, client in (("our client", lambda: Peer("ntlm", "client", "sign,seal", env=WEAK)),
                     ("ntlm_auth", lambda: NtlmAuth("client", V1, ALL)),
                     ("ntlm_auth without extended session security", lambda: NtlmAuth("client", V1_PLAIN, ALL))):
    tap.run(f"{name}, NTLMv1 where allow_weak lets it: the same session key", lambda: ntlm(client(), server(env=WEAK)))
tap.run("NTLMv1 is refused by default, and the domain is not asked",
        lambda: refused_with("NTLMv1", SEC_E_LOGON_DENIED, NtlmAuth("client", V1, ALL), server()))

REFUSALS = {
    "a wrong password": (dict(password="wrong"), "the password is wrong"),
    "an unknown user": (dict(user="nobody"), "there is no such user"),
    "an unknown domain": (dict(domain="ELSEWHERE"), "there is no such user"),
    "a disabled account": (dict(user="disabled"), "the account is disabled"),
    "an expired account": (dict(user="expired"), "the account has expired"),
    "a locked account": (dict(user="locked"), "the account is locked out"),
    "an expired password": (dict(user="stale"), "the password has expired"),
    "a password that must be changed": (dict(user="change"), "the password must be changed first"),
}
for name, (identity, words) in REFUSALS.items():
    for peer, client in (("our client", ours), ("ntlm_auth", samba)):
        tap.run(f'{peer}, {name}: SEC_E_LOGON_DENIED, "{words}"',
                lambda: refused_with(words, SEC_E_LOGON_DENIED, client(**identity), server()))
tap.run("another NetBIOS name than the one that joined: the domain refuses, and the reason names it",
        lambda: refused_with("netbios_name", SEC_E_LOGON_DENIED, ours(), server(env={"OPENSSPI_NETBIOS_NAME": "OTHER"})))
tap.run("no access to winbindd's privileged pipe: the reason names the group",
        lambda: refused_with("winbindd_priv", SEC_E_NO_AUTHENTICATING_AUTHORITY, ours(), server(identity=AS_NOBODY)))

# cifs and HTTP are names that the domain takes for those of the host's account.
for target in ("host/member1.example.test", "cifs/member1.example.test", "HTTP/member1.example.test"):
    tap.run(f"Negotiate: {target} by Kerberos with the member's keytab",
            lambda: spnego(ours("Negotiate", target=target), server("Negotiate"), "Kerberos", "Kerberos"))
tap.run("Negotiate: an address by NTLM and winbind",
        lambda: spnego(ours("Negotiate", target="cifs/127.0.0.3"), server("Negotiate"), "NTLM", "winbind"))
tap.run("Negotiate: a PackageList without Kerberos, by NTLM and winbind",
        lambda: spnego(ours("Negotiate", target="cifs/member1.example.test", package_list="!kerberos"), server("Negotiate"),
                       "NTLM", "winbind"))
tap.run("Negotiate: ntlm_auth's SPNEGO, by NTLM and winbind",
        lambda: spnego(samba(spnego=True), server("Negotiate"), "NTLM", "winbind"))
tap.run("Negotiate: a disabled account",
        lambda: refused_with("the account is disabled", SEC_E_LOGON_DENIED, ours("Negotiate", user="disabled", target="cifs/127.0.0.3"),
                             server("Negotiate"), negotiate))



def samba_serves(client, package, spnego_tokens=True):
    """Samba's ntlm_auth on the member, which asks winbindd and has the machine's keys, is the server."""
    with client, NtlmAuth("server", "/etc/samba/smb.conf", ALL, user=None, spnego=spnego_tokens, prefix=ON_MEMBER) as acceptor:
        if spnego_tokens:
            negotiate(client, acceptor)
        else:
            log_on(client, acceptor)
        assert acceptor.user == r"EXAMPLE\alice", acceptor.user
        assert client.text("package") == package, client.text("package")
        assert client.key() == acceptor.key() and any(client.key()), "session keys differ"


MEMBER = "cifs/member1.example.test"
tap.run("Samba on the member takes our NTLM", lambda: samba_serves(ours(), "NTLM", spnego_tokens=False))
tap.run("Samba on the member takes our Negotiate: Kerberos",
        lambda: samba_serves(ours("Negotiate", target=MEMBER), "Kerberos"))
tap.run("Samba on the member takes our Negotiate: NTLM as it is",
        lambda: samba_serves(ours("Negotiate", target="cifs/127.0.0.3"), "NTLM"))
for order, chosen in (("Kerberos,NTLM", "Kerberos"), ("NTLM,Kerberos", "NTLM")):
    tap.run(f"Samba on the member takes our Negotiate: an offer of {order}",
            lambda: samba_serves(ours("Negotiate", target=MEMBER, package_list=order), chosen))

WINBINDD = int(os.environ["OPENSSPI_WINBINDD"])
HURRIED = write_file(world + "/hurried.conf", HOST + "[ntlm]\naccounts = winbind\nwinbind_deadline_ms = 700\n")


def hung_winbindd():
    """It takes the connection and never answers; the acceptor's call ends, and the next log-on is as before."""
    os.kill(WINBINDD, signal.SIGSTOP)
    try:
        refused_with("no answer within 700 ms", SEC_E_NO_AUTHENTICATING_AUTHORITY, ours(), server(env={"OPENSSPI_CONFIG": HURRIED}))
    finally:
        os.kill(WINBINDD, signal.SIGCONT)
    ntlm(ours(), server())


tap.run("a winbindd that hangs: the reason names the deadline, and it is kept", hung_winbindd)



def running(session):
    """The processes of a session that have not ended."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{entry}/stat", encoding="utf-8") as file:
            state, _, _, its_session = file.read().rpartition(")")[2].split()[:4]
            if int(its_session) == session and state not in "ZX":
                found.append(entry)
    return found


def end_session(leader):
    """Its children too, before the next test: they would go on answering."""
    os.killpg(leader, signal.SIGKILL)
    for _ in range(600):
        if not running(leader):
            return
        time.sleep(0.1)
    raise OSError(f"of session {leader} there are still {running(leader)}")


end_session(int(os.environ["OPENSSPI_DC"]))
tap.run("no domain controller: the reason says so",
        lambda: refused_with("domain controller", SEC_E_NO_AUTHENTICATING_AUTHORITY, ours(), server()))
end_session(WINBINDD)
tap.run("no winbindd: the reason says so",
        lambda: refused_with("winbindd does not answer", SEC_E_NO_AUTHENTICATING_AUTHORITY, ours(), server()))
tap.done()
