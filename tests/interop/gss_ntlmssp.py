"""gss-ntlmssp through GSSAPI as server of our client and as client of our server."""

import struct

from interop import *

tap = Tap()
need(tap, programs=["ntlm", "gss"])
keep, folder = scratch()
path = plain_accounts(folder)
ENVIRONMENT = {"NTLM_USER_FILE": path, "KRB5CCNAME": "FILE:" + folder + "/none"}
BITS_128, BITS_56, KEY_EXCH, ESS = 0x20000000, 0x80000000, 0x40000000, 0x80000
STRENGTHS = BITS_128 | BITS_56 | KEY_EXCH
BASE = 0x1 | 0x4 | 0x10 | 0x20 | 0x200 | 0x8000 | 0x2000000  # UNICODE, REQUEST_TARGET, SIGN, SEAL, NTLM, VERSION
SEC_E_UNSUPPORTED_FUNCTION = "80090302"
SEC_E_BAD_BINDINGS = "80090346"


def gss(role, want="sign,seal", **more):
    return Peer("gss", role, want, env=ENVIRONMENT, **more)


def ours(role, want="sign,seal", **more):
    return Peer("ntlm", role, want, **({"accounts": "plain:" + path} if role == "server" else {}), **more)


try:
    gss("server").close()
except Failed:
    tap.skip("the whole suite", "the mechanism gss-ntlmssp is not installed")
    tap.done()


def without_nul(text):
    return text.rstrip("\0")


def our_client(want):
    with ours("client", want) as client, gss("server") as server:
        log_on(client, server)
        assert without_nul(server.text("user")) == r"EXAMPLE\alice", server.text("user")
        assert client.key() == server.key(), "session keys differ"
        talk(client, server, want)


def our_server(want):
    with gss("client", want) as client, ours("server") as server:
        _, _, authenticate = log_on(client, server)
        assert has_mic(authenticate) == ("mic" in want), "gss-ntlmssp and its MIC"
        assert server.text("user") == r"EXAMPLE\alice", server.text("user")
        assert client.key() == server.key(), "session keys differ"
        talk(client, server, want)


def talk(client, server, want):
    if "sign" in want:
        sign_both_ways(client, server)
    if "seal" in want:
        seal_both_ways(client, server)
        sign_both_ways(client, server)


def with_flags(flags, policy):
    with gss("client", "", flags=f"{flags:x}") as client, ours("server", "sign,seal" + policy) as server:
        _, _, authenticate = log_on(client, server)
        sent = struct.unpack_from("<I", authenticate, 60)[0]
        assert sent & STRENGTHS == flags & STRENGTHS, f"gss-ntlmssp settled on {sent:08x}"
        assert client.key() == server.key(), "session keys differ"
        talk(client, server, "sign,seal")


def key_for_nothing():
    """Asked for KEY_EXCH alone, our server does not grant it: gss-ntlmssp would make a session key of its own."""
    flags = (BASE & ~0x30) | ESS | BITS_128 | KEY_EXCH
    with gss("client", "", flags=f"{flags:x}") as client, ours("server", "") as server:
        _, challenge, _ = log_on(client, server)
        granted = struct.unpack_from("<I", challenge, 20)[0]
        assert not granted & KEY_EXCH, f"our server grants {granted:08x}"
        assert client.key() == server.key(), "session keys differ"


def target():
    with gss("client", target="HTTP@www.example.test") as client, ours("server") as server:
        log_on(client, server)
        return None if server.text("target") == "HTTP/www.example.test" else server.text("target")


def refuses(client, server, *statuses):
    with client, server:
        return refused(lambda: log_on(client, server), *statuses)


def downgraded():
    """Without a MIC gss-ntlmssp's ends settle on 56 bits; ours compares AUTHENTICATE's flags with its own."""
    with gss("client") as client, ours("server") as server:
        _, negotiate = client.step()
        _, challenge = server.step(negotiate)
        flags = struct.unpack_from("<I", challenge, 20)[0] & ~BITS_128
        _, authenticate = client.step(challenge[:20] + struct.pack("<I", flags) + challenge[24:])
        return refused(lambda: server.step(authenticate))


def survives():
    """Reordered, forged, truncated and replayed messages are refused and cost nothing."""
    with gss("client") as client, ours("server") as server:
        log_on(client, server)
        sealed = [client.seal(data) for data in MESSAGES[1:4]]
        (signature, cipher), second, third = sealed
        steps = [
            ("the second before the first", second, [SEC_E_OUT_OF_SEQUENCE]),
            ("a forged ciphertext", (signature, flipped(cipher, 0)), [SEC_E_MESSAGE_ALTERED]),
            ("a forged signature", (flipped(signature, 5), cipher), [SEC_E_MESSAGE_ALTERED]),
            ("a truncated signature", (signature[:15], cipher), [SEC_E_MESSAGE_ALTERED, "80090308"]),
            ("the true first", (signature, cipher), None),
            ("the first again", (signature, cipher), [SEC_E_OUT_OF_SEQUENCE]),
            ("the third before the second", third, [SEC_E_OUT_OF_SEQUENCE]),
            ("the true second", second, None),
            ("the true third", third, None),
        ]
        for name, message, statuses in steps:
            if statuses is None:
                server.unseal(*message)
                continue
            wrong = refused(lambda: server.unseal(*message), *statuses)
            if wrong:
                return f"{name}: {wrong}"
        seal_both_ways(client, server)
    return None


def bindings(client, server):
    with client, server:
        log_on(client, server)


TLS, OTHER_TLS = "tls-server-end-point:0123456789abcdef", "tls-server-end-point:fedcba9876543210"

for want in ("", "sign", "sign,seal"):
    title = want or "no protection"
    tap.run(f"our client logs on to gss-ntlmssp: {title}; messages both ways", lambda: our_client(want))
    tap.run(f"gss-ntlmssp logs on to our server: {title}; messages both ways", lambda: our_server(want))
    if want:  # without a session key gss-ntlmssp makes no MIC
        tap.run(f"gss-ntlmssp logs on to our server with a MIC: {title}; messages both ways",
                lambda: our_server(want + ",mic"))
for name, flags in (("128 bits without key exchange", ESS | BITS_128),
                    ("56 bits", ESS | BITS_56 | KEY_EXCH), ("56 bits without key exchange", ESS | BITS_56),
                    ("40 bits", ESS | KEY_EXCH)):
    policy = "" if flags & BITS_128 else ",weak"
    tap.run(f"gss-ntlmssp logs on to our server with {name}; messages",
            lambda: with_flags(BASE | flags, policy))
    if policy:
        tap.run(f"our server refuses {name} by default",
                lambda: refuses(gss("client", "", flags=f"{BASE | flags:x}"), ours("server"), SEC_E_UNSUPPORTED_FUNCTION))
tap.run("gss-ntlmssp asks for key exchange and no protection: not granted; same session key", key_for_nothing)
tap.run("our server tells gss-ntlmssp's target name", target)
tap.run("a server that requires a MIC takes gss-ntlmssp with one",
        lambda: bindings(gss("client", "sign,mic"), ours("server", "sign,require-mic")))
tap.run("a server that requires a MIC refuses gss-ntlmssp without one",
        lambda: refuses(gss("client", "sign"), ours("server", "sign,require-mic"), SEC_E_LOGON_DENIED))
tap.run("our server refuses a wrong password",
        lambda: refuses(gss("client", password="no"), ours("server"), SEC_E_LOGON_DENIED))
tap.run("our server refuses an unknown user",
        lambda: refuses(gss("client", user="mallory"), ours("server"), SEC_E_LOGON_DENIED))
tap.run("gss-ntlmssp refuses our wrong password", lambda: refuses(ours("client", password="no"), gss("server")))
tap.run("gss-ntlmssp refuses our unknown user", lambda: refuses(ours("client", user="mallory"), gss("server")))
tap.run("channel bindings: gss-ntlmssp to our server",
        lambda: bindings(gss("client", bindings=TLS), ours("server", bindings=TLS)))
tap.run("channel bindings: our client to gss-ntlmssp",
        lambda: bindings(ours("client", bindings=TLS), gss("server", bindings=TLS)))
tap.run("channel bindings of another channel are refused by our server",
        lambda: refuses(gss("client", bindings=OTHER_TLS), ours("server", bindings=TLS), SEC_E_BAD_BINDINGS))
tap.run("absent channel bindings are refused by our server",
        lambda: refuses(gss("client"), ours("server", bindings=TLS), SEC_E_BAD_BINDINGS))
tap.run("channel bindings of another channel are refused by gss-ntlmssp",
        lambda: refuses(ours("client", bindings=OTHER_TLS), gss("server", bindings=TLS)))
tap.run("a CHALLENGE that lost 128 bits in transit is noticed without a MIC", downgraded)
tap.run("reordered, forged and replayed messages of gss-ntlmssp leave our context usable", survives)
tap.done()
