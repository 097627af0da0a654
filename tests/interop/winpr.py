"""WinPR's SSPI (libwinpr2) as server of our client and as client of our server.

WinPR asks for KEY_EXCH and SIGN always."""

from interop import *

tap = Tap()
need(tap, programs=["ntlm", "winpr"])
keep, folder = scratch()
accounts = "plain:" + plain_accounts(folder)
sam = write_file(folder + "/SAM", "".join(f"{user}:{DOMAIN}::{nt_hash}:::\n" for user, nt_hash in NT_HASH.items()))
KEY_EXCH = 0x40000000
BOB = {"user": OTHER_USER, "password": OTHER_PASSWORD}


def winpr(role, want="sign,seal", **more):
    return Peer("winpr", role, want, **({"accounts": sam} if role == "server" else {}), **more)


def ours(role, want="sign,seal", **more):
    return Peer("ntlm", role, want, **({"accounts": accounts} if role == "server" else {}), **more)


def talk(client, server, want):
    if "seal" in want:
        seal_both_ways(client, server)
    else:
        sign_both_ways(client, server)


def both(client, server, want, user=USER):
    with client, server:
        _, _, authenticate = log_on(client, server)
        assert int.from_bytes(authenticate[60:64], "little") & KEY_EXCH, "no KEY_EXCH"
        assert has_mic(authenticate), "no MIC"
        assert server.text("user") == "EXAMPLE\\" + user, server.text("user")
        talk(client, server, want)


def target():
    with winpr("client", target="HTTP/www.example.test") as client, ours("server") as server:
        log_on(client, server)
        return tap_text(server.text("target"), "HTTP/www.example.test")


def tap_text(got, wanted):
    return None if got == wanted else f"got {got!r}, wanted {wanted!r}"


def two_users():
    """Both log on through one server credential, one after the other."""
    with winpr("client") as alice, winpr("client", **BOB) as bob, ours("server") as server:
        log_on(alice, server)
        first = server.text("user")
        server.ask("reset")
        log_on(bob, server)
        return tap_text((first, server.text("user")), (r"EXAMPLE\alice", r"EXAMPLE\bob"))


def survives():
    with winpr("client") as client, ours("server") as server:
        log_on(client, server)
        first, second = client.seal(b"first message"), client.seal(b"second message")
        wrong = (refused(lambda: server.unseal(*second), SEC_E_OUT_OF_SEQUENCE)
                 or refused(lambda: server.unseal(first[0], flipped(first[1], 0)), SEC_E_MESSAGE_ALTERED))
        assert server.unseal(*first) == b"first message" and server.unseal(*second) == b"second message"
        seal_both_ways(client, server)
        return wrong


def refuses(client, server, *statuses):
    with client, server:
        return refused(lambda: log_on(client, server), *statuses)


TLS, OTHER_TLS = "tls-server-end-point:0123456789abcdef", "tls-server-end-point:fedcba9876543210"
SEC_E_BAD_BINDINGS = "80090346"

for want in ("sign", "sign,seal"):
    tap.run(f"our client logs on to WinPR: {want}; messages both ways",
            lambda: both(ours("client", want), winpr("server", want), want))
    tap.run(f"WinPR logs on to our server: {want}; messages both ways",
            lambda: both(winpr("client", want), ours("server", want + ",require-mic"), want))
tap.run("the other user", lambda: both(winpr("client", **BOB), ours("server"), "sign,seal", OTHER_USER))
tap.run("our server refuses a wrong password",
        lambda: refuses(winpr("client", password="no"), ours("server"), SEC_E_LOGON_DENIED))
tap.run("our server refuses an unknown user",
        lambda: refuses(winpr("client", user="mallory"), ours("server"), SEC_E_LOGON_DENIED))
tap.run("WinPR refuses our wrong password", lambda: refuses(ours("client", password="no"), winpr("server")))
tap.run("WinPR refuses our unknown user", lambda: refuses(ours("client", user="mallory"), winpr("server")))
tap.run("channel bindings of WinPR reach our server",
        lambda: both(winpr("client", bindings=TLS), ours("server", bindings=TLS), "sign,seal"))
tap.run("channel bindings of another channel are refused by our server",
        lambda: refuses(winpr("client", bindings=OTHER_TLS), ours("server", bindings=TLS), SEC_E_BAD_BINDINGS))
tap.run("absent channel bindings are refused by our server",
        lambda: refuses(winpr("client"), ours("server", bindings=TLS), SEC_E_BAD_BINDINGS))
tap.run("our server tells WinPR's target name", target)
tap.run("two users on one server credential are told apart", two_users)
tap.run("reordered and forged messages of WinPR leave our context usable", survives)
tap.done()
