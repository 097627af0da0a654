"""Negotiate with NTLM inside, against MIT's SPNEGO over gss-ntlmssp and Samba's ntlm_auth, in both roles."""

from interop import *

tap = Tap()
need(tap, "ntlm_auth", programs=["ntlm", "gss"])
keep, folder = scratch()
path = plain_accounts(folder)
ENVIRONMENT = {"NTLM_USER_FILE": path, "KRB5CCNAME": "FILE:" + folder + "/none", "KRB5_KTNAME": "FILE:" + folder + "/none",
               "KRB5_CONFIG": write_file(folder + "/krb5.conf", "[libdefaults]\ndefault_realm = NONE.TEST\n"
                                         "dns_lookup_kdc = false\ndns_lookup_realm = false\n")}
CONFIG = write_file(folder + "/smb.conf", (
    "[global]\nworkgroup = EXAMPLE\nnetbios name = PEER\nserver role = standalone\nlog file = " + folder + "/log\n"
    + "".join(f"{name} directory = {folder}\n" for name in ("state", "cache", "lock", "pid"))
    + f"private dir = {folder}\nncalrpc dir = {folder}\n"))
SEC_E_INVALID_TOKEN = "80090308"


def ours(role, want="sign,seal", **more):
    if role == "server":
        more["accounts"] = "plain:" + path
    return Peer("ntlm", role, want, package="Negotiate", env=ENVIRONMENT, **more)


def mit(role, want="sign,seal", **more):
    return Peer("gss", role, want, package="Negotiate", env=ENVIRONMENT, **more)


def samba(role, **more):
    return NtlmAuth(role, CONFIG, "NTLMSSP_FEATURE_SESSION_KEY NTLMSSP_FEATURE_SIGN NTLMSSP_FEATURE_SEAL", spnego=True, **more)


def talk(client, server, want):
    assert client.key() == server.key(), "session keys differ"
    if "sign" in want:
        sign_both_ways(client, server)
    if "seal" in want:
        seal_both_ways(client, server)


def is_spnego(token):
    return token[:1] in (b"\x60", b"\xa1")


def ourselves(want):
    with ours("client", want) as client, ours("server", want) as server:
        tokens = negotiate(client, server)
        assert tokens[0].startswith(b"NTLMSSP\0") and len(tokens) == 3, "NTLM alone goes as it is, in three legs"
        assert client.text("package") == server.text("package") == "NTLM"
        assert server.text("user") == r"EXAMPLE\alice", server.text("user")
        talk(client, server, want)


def ourselves_hinted(want):
    """The acceptor speaks first, as in SMB: then NTLM goes inside SPNEGO."""
    with ours("client", want) as client, ours("server", want) as server:
        _, hint = server.step()
        assert is_spnego(hint)
        tokens = negotiate(client, server, hint)
        assert all(is_spnego(token) for token in tokens) and len(tokens) == 4, [token[:8].hex() for token in tokens]
        talk(client, server, want)


def our_client_of_mit(want, hinted):
    with ours("client", want) as client, mit("server", want) as server:
        _, hint = server.step() if hinted else (False, b"")
        tokens = negotiate(client, server, hint)
        assert is_spnego(tokens[0]) == hinted
        assert server.text("user").rstrip("\0") == r"EXAMPLE\alice", server.text("user")
        talk(client, server, want)


def our_server_of_mit(want):
    with mit("client", want) as client, ours("server", want) as server:
        tokens = negotiate(client, server)
        assert is_spnego(tokens[0])
        assert server.text("user") == r"EXAMPLE\alice", server.text("user")
        talk(client, server, want)


def our_client_of_samba():
    with ours("client") as client, samba("server") as server:
        negotiate(client, server)
        assert server.user == r"EXAMPLE\alice", server.user
        assert client.key() == server.key(), "session keys differ"


def our_server_of_samba():
    with samba("client") as client, ours("server") as server:
        negotiate(client, server)
        assert server.text("user") == r"EXAMPLE\alice", server.text("user")
        assert client.key() == server.key(), "session keys differ"


def our_server_refuses(peer):
    with peer as client, ours("server") as server:
        return refused(lambda: negotiate(client, server), SEC_E_LOGON_DENIED)


def changed_list():
    """Who takes the first mechanism out of the list on its way is found by mechListMIC."""
    with mit("client") as client, ours("server") as server:
        _, init = client.step()
        oid = bytes.fromhex("060a2b06010401823702020a")
        assert init.count(oid) == 1
        longer = bytes.fromhex("060a2b06010401823702021e") + oid
        changed = grow(init, oid, longer)
        _, challenge = server.step(changed)
        try:
            _, authenticate = client.step(challenge)
        except Failed:
            return None
        return refused(lambda: server.step(authenticate))


def grow(token, old, new):
    """Replaces bytes in a DER token and mends the four lengths around them, all below 128."""
    at = token.index(old)
    out = bytearray(token[:at] + new + token[at + len(old):])
    more = len(new) - len(old)
    for place in (1, token.index(b"\xa0") + 1, token.index(b"\xa0") + 3, token.index(b"\xa0") + 5, at - 1):
        out[place] += more
        assert out[place] < 128
    return bytes(out)


def garbage_first():
    with ours("server") as server:
        return refused(lambda: server.step(b"\x60\x03\x02\x01\x00"), SEC_E_INVALID_TOKEN)


for want in ("", "sign", "sign,seal"):
    title = want or "no protection"
    tap.run(f"our client and our server, NTLM as it is: {title}", lambda: ourselves(want))
    tap.run(f"our client and our server, the server speaking first: {title}", lambda: ourselves_hinted(want))
    for hinted in (False, True):
        how = "MIT's SPNEGO speaking first" if hinted else "MIT's SPNEGO"
        tap.run(f"our client logs on to {how} over gss-ntlmssp: {title}", lambda: our_client_of_mit(want, hinted))
    tap.run(f"MIT's SPNEGO over gss-ntlmssp logs on to our server: {title}", lambda: our_server_of_mit(want))
tap.run("our client logs on to ntlm_auth's gss-spnego; same session key", our_client_of_samba)
tap.run("ntlm_auth's gss-spnego-client logs on to our server; same session key", our_server_of_samba)
tap.run("our server refuses MIT's wrong password", lambda: our_server_refuses(mit("client", password="wrong")))
tap.run("our server refuses ntlm_auth's wrong password", lambda: our_server_refuses(samba("client", password="wrong")))
tap.run("a list of mechanisms changed on its way is refused", changed_list)
tap.run("a first token that is none is refused", garbage_first)
tap.done()
