"""Samba's ntlm_auth as server of our client and as client of our server."""

import struct

from interop import *

tap = Tap()
need(tap, "ntlm_auth", programs=["ntlm"])
keep, folder = scratch()
accounts = "plain:" + plain_accounts(folder)
CONFIG = (
    "[global]\nworkgroup = EXAMPLE\nnetbios name = PEER\nserver role = standalone\nlog file = " + folder + "/log\n"
    + "".join(f"{name} directory = {folder}\n" for name in ("state", "cache", "lock", "pid"))
    + f"private dir = {folder}\nncalrpc dir = {folder}\n")
config = write_file(folder + "/smb.conf", CONFIG)

FEATURES = {
    "": "NTLMSSP_FEATURE_SESSION_KEY",
    "sign": "NTLMSSP_FEATURE_SESSION_KEY NTLMSSP_FEATURE_SIGN",
    "sign,seal": "NTLMSSP_FEATURE_SESSION_KEY NTLMSSP_FEATURE_SIGN NTLMSSP_FEATURE_SEAL",
}
SIGN, SEAL, ESS, BITS_128, KEY_EXCH = 0x10, 0x20, 0x80000, 0x20000000, 0x40000000
STRONG = ESS | BITS_128 | KEY_EXCH
SEC_E_UNSUPPORTED_FUNCTION = "80090302"
WANTED_FLAGS = {"": 0, "sign": SIGN | STRONG, "sign,seal": SIGN | SEAL | STRONG}


def samba(role, want="sign,seal", without=None, **identity):
    """`without` is what Samba does not negotiate: 128bit, keyexchange, ntlm2 (extended session security)."""
    path = config
    if without:
        path = write_file(f"{folder}/{without}.conf", CONFIG + f"ntlmssp_{role}:{without} = no\n")
    return NtlmAuth(role, path, FEATURES[want], **identity)


def ours(role, want="sign,seal", **more):
    return Peer("ntlm", role, want, **({"accounts": accounts} if role == "server" else {}), **more)


def our_client(want):
    with ours("client", want) as client, samba("server", want) as server:
        _, _, authenticate = log_on(client, server)
        assert server.user == r"EXAMPLE\alice", server.user
        assert has_mic(authenticate), "no MIC in our AUTHENTICATE_MESSAGE"
        assert client.key() == server.key() and len(client.key()) == 16, "session keys differ"
        assert server.flags() & WANTED_FLAGS[want] == WANTED_FLAGS[want], hex(server.flags())


def our_server(want):
    with samba("client", want) as client, ours("server", want + ",require-mic") as server:
        log_on(client, server)
        assert server.text("user") == r"EXAMPLE\alice", server.text("user")
        assert client.key() == server.key() and len(client.key()) == 16, "session keys differ"
        assert client.flags() & WANTED_FLAGS[want] == WANTED_FLAGS[want], hex(client.flags())


def key_for_nothing():
    """Samba asks for KEY_EXCH without SIGN or SEAL, and would make a session key of its own if it were granted."""
    with NtlmAuth("client", config) as client, ours("server", "") as server:
        negotiate, challenge, _ = log_on(client, server)
        flags = [struct.unpack_from("<I", message, at)[0] for message, at in ((negotiate, 12), (challenge, 20))]
        assert flags[0] & KEY_EXCH and not flags[0] & (SIGN | SEAL), f"Samba asks for {flags[0]:08x}"
        assert not flags[1] & KEY_EXCH, f"our server grants {flags[1]:08x}"
        assert client.key() == server.key() and len(client.key()) == 16, "session keys differ"


def canonical_name():
    """The server reports the account as its source writes it, not as the client claims it."""
    with samba("client", user="ALICE") as client, ours("server") as server:
        log_on(client, server)
        return None if server.text("user") == r"EXAMPLE\alice" else server.text("user")


def our_server_refuses(**identity):
    with samba("client", **identity) as client, ours("server") as server:
        return refused(lambda: log_on(client, server), SEC_E_LOGON_DENIED)


def samba_refuses(**identity):
    with ours("client", **identity) as client, samba("server") as server:
        return refused(lambda: log_on(client, server), "NA")


ABSENT = {"128bit": BITS_128, "keyexchange": KEY_EXCH, "ntlm2": ESS}
# Key exchange may be absent always; the others take a policy that allows what is weak.
WEAK = {"128bit", "ntlm2"}


def weaker(role, without):
    """Samba in `role` negotiates less; both ends agree on the flags and the session key."""
    policy = "sign,seal" + (",weak" if without in WEAK else "")
    other = "server" if role == "client" else "client"
    with samba(role, without=without) as peer, ours(other, policy) as our:
        _, _, authenticate = log_on(*((peer, our) if role == "client" else (our, peer)))
        assert not struct.unpack_from("<I", authenticate, 60)[0] & ABSENT[without], "it was negotiated all the same"
        assert peer.key() == our.key(), "session keys differ"


def weaker_is_refused(role, without):
    with samba(role, without=without) as peer, ours("server" if role == "client" else "client") as our:
        return refused(lambda: log_on(*((peer, our) if role == "client" else (our, peer))), SEC_E_UNSUPPORTED_FUNCTION)


def altered(message, at, mask):
    word = struct.unpack_from("<I", message, at)[0] & ~mask
    return message[:at] + struct.pack("<I", word) + message[at + 4:]


def challenge_without_128():
    """Samba believes a CHALLENGE without 128 bits and covers it by its MIC."""
    with samba("client") as client, ours("server") as server:
        _, negotiate = client.step()
        _, challenge = server.step(negotiate)
        _, authenticate = client.step(altered(challenge, 20, BITS_128))
        return refused(lambda: server.step(authenticate))


def negotiate_without_128():
    with ours("client") as client, samba("server") as server:
        _, negotiate = client.step()
        _, challenge = server.step(altered(negotiate, 12, BITS_128))
        return refused(lambda: client.step(challenge), "80090302")


def changed_authenticate():
    """Each byte of the MIC, of the response and of the flags counts."""
    for at in (60, 72, 87, -1, -20):
        with samba("client") as client, ours("server") as server:
            _, negotiate = client.step()
            _, challenge = server.step(negotiate)
            _, authenticate = client.step(challenge)
            changed = bytearray(authenticate)
            changed[at] ^= 0x10
            wrong = refused(lambda: server.step(bytes(changed)))
            if wrong:
                return f"byte {at} changed: {wrong}"
    return None


def replay():
    with samba("client") as client, ours("server") as server:
        _, _, authenticate = log_on(client, server)
        again = refused(lambda: server.step(authenticate))
        server.ask("reset")
        with samba("client") as other:
            server.step(other.step()[1])
        return again or refused(lambda: server.step(authenticate), SEC_E_LOGON_DENIED)


for want in FEATURES:
    title = want or "no protection"
    tap.run(f"our client logs on to ntlm_auth: {title}; same session key", lambda: our_client(want))
    tap.run(f"ntlm_auth logs on to our server with a MIC: {title}; same session key", lambda: our_server(want))
tap.run("ntlm_auth asks for key exchange and no protection: not granted; same session key", key_for_nothing)
for without in ABSENT:
    for role in ("client", "server"):
        tap.run(f"ntlm_auth as {role} without {without}; same session key", lambda: weaker(role, without))
        if without in WEAK:
            tap.run(f"ntlm_auth as {role} without {without} is refused by default",
                    lambda: weaker_is_refused(role, without))
tap.run("our server reports the account's own name, whatever the client's case", canonical_name)
tap.run("our server refuses ntlm_auth's wrong password", lambda: our_server_refuses(password="wrong"))
tap.run("our server refuses an unknown user", lambda: our_server_refuses(user="mallory"))
tap.run("our server refuses a user with the password of another", lambda: our_server_refuses(user=OTHER_USER))
tap.run("our server knows a user of another domain from ours", lambda: our_server_refuses(domain="ELSEWHERE"))
tap.run("ntlm_auth refuses our wrong password", lambda: samba_refuses(password="wrong"))
tap.run("a CHALLENGE that lost 128 bits in transit is noticed by our server", challenge_without_128)
tap.run("a NEGOTIATE that lost 128 bits in transit is noticed by our client", negotiate_without_128)
tap.run("an AUTHENTICATE with one byte changed is refused", changed_authenticate)
tap.run("a replayed AUTHENTICATE is refused, on the same and on another context", replay)
tap.done()
