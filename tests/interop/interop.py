"""What the interop suites share: ends of an NTLM conversation as child processes, and the Test Anything Protocol."""

import base64
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "..", "support"))
from free_port import free_port  # its place is known only now
BUILD = os.path.abspath(os.environ.get("OPENSSPI_BUILD") or os.path.join(HERE, "..", "..", "build", "release"))
DOMAIN, USER, PASSWORD = "EXAMPLE", "alice", "Passw0rd!"
OTHER_USER, OTHER_PASSWORD = "bob", "Other-Passw0rd"
# MD4 of the passwords above in UTF-16LE, for peers whose files hold hashes.
NT_HASH = {USER: "fc525c9683e8fe067095ba2ddc971889", OTHER_USER: "9c28cffe54e9967876b930e6085ea928"}

SEC_E_LOGON_DENIED = "8009030C"
SEC_E_WRONG_PRINCIPAL = "80090322"
SEC_E_MESSAGE_ALTERED = "8009030F"
SEC_E_OUT_OF_SEQUENCE = "80090310"


class Failed(Exception):
    """A peer refused: status is its number, as text."""

    def __init__(self, status, text):
        super().__init__(f"{status} {text}".strip())
        self.status = status


class Tap:
    """Numbers and prints the results; the exit status is 1 if one failed."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def ok(self, condition, name, detail=""):
        self.count += 1
        print(f"{'ok' if condition else 'not ok'} {self.count} - {name}", flush=True)
        if not condition:
            self.failed += 1
            for line in str(detail).splitlines():
                print(f"# {line}", flush=True)
        return condition

    def skip(self, name, why):
        self.count += 1
        print(f"ok {self.count} - {name} # SKIP {why}", flush=True)

    def equal(self, got, wanted, name):
        return self.ok(got == wanted, name, f"got    {got!r}\nwanted {wanted!r}")

    def run(self, name, test):
        """A test is a function that raises, or returns False or a text that says what is wrong."""
        try:
            result = test()
        except (Failed, AssertionError, OSError, subprocess.SubprocessError) as error:
            return self.ok(False, name, f"{type(error).__name__}: {error}")
        return self.ok(result is None or result is True, name, result)

    def done(self):
        print(f"1..{self.count}", flush=True)
        sys.exit(1 if self.failed else 0)


def program(name):
    """The path of interop_NAME, or None if it was not built."""
    path = os.path.join(BUILD, "tests", "interop_" + name)
    return path if os.access(path, os.X_OK) else None


class Peer:
    """interop_NAME as client or server, run by the command `prefix`; see line_peer.hpp for what it answers."""

    def __init__(self, name, role, want="", user=USER, domain=DOMAIN, password=PASSWORD, env=None, prefix=(), **more):
        args = [*prefix, program(name), role, "--user", user, "--domain", domain, "--password", password, "--want", want]
        for option, value in more.items():
            args += ["--" + option.replace("_", "-"), value]
        self.name = f"{name} {role}"
        self.process = subprocess.Popen(
            args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **(env or {})}
        )
        hello = self.line().split(" ", 2)
        if hello[0] != "ready":
            raise Failed(hello[1] if len(hello) > 1 else "no answer", " ".join(hello))

    def line(self):
        line = self.process.stdout.readline()
        if not line:
            raise Failed("ended", f"{self.name} ended with status {self.process.wait()}")
        return line.rstrip("\n")

    def ask(self, verb, *blobs):
        words = [verb] + [blob.hex() or "-" for blob in blobs]
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()
        answer = self.line().split(" ", 2)
        if answer[0] == "fail":
            raise Failed(answer[1], f"{self.name} {verb}: {answer[2] if len(answer) > 2 else ''}")
        return answer

    def step(self, token=b""):
        word, token = self.ask("step", token)
        return word == "done", unhex(token)

    def sign(self, data):
        return unhex(self.ask("sign", data)[1])

    def verify(self, signature, data):
        self.ask("verify", signature, data)

    def seal(self, data):
        _, signature, cipher = self.ask("seal", data)
        return unhex(signature), unhex(cipher)

    def unseal(self, signature, cipher):
        return unhex(self.ask("unseal", signature, cipher)[1])

    def wrap(self, data):
        return unhex(self.ask("wrap", data)[1])

    def key(self):
        return unhex(self.ask("key")[1])

    def text(self, what):
        return " ".join(self.ask(what)[1:])

    def flags(self):
        return int(self.ask("flags")[1], 16)

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class NtlmAuth:
    """Samba's ntlm_auth, raw NTLM or SPNEGO. With a user it needs no winbindd; a server without one asks it."""

    PROTOCOLS = {("client", False): "ntlmssp-client-1", ("server", False): "squid-2.5-ntlmssp",
                 ("client", True): "gss-spnego-client", ("server", True): "gss-spnego"}

    def __init__(self, role, config, features="", user=USER, domain=DOMAIN, password=PASSWORD, spnego=False, prefix=()):
        protocol = self.PROTOCOLS[role, spnego]
        self.role, self.spnego = role, spnego
        self.verb = "YR"
        self.name = "ntlm_auth " + role
        identity = ["--domain=" + domain, "--username=" + user, "--password=" + password] if user else []
        self.process = subprocess.Popen(
            [*prefix, "ntlm_auth", "--configfile=" + config, "--helper-protocol=" + protocol, *identity],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        if features:
            self.ask("SF " + features)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().rstrip("\n")

    def step(self, token=b""):
        if not token:
            answer = self.ask("YR")
            self.verb = "TT"
        else:
            answer = self.ask(f"{self.verb} {base64.b64encode(token).decode()}")
            self.verb = "KK" if self.verb == "YR" else self.verb
        words = answer.split(" ")
        if words[0] in ("YR", "TT") or (self.role == "client" and words[0] == "KK"):
            return False, base64.b64decode(words[1])
        if words[0] == "AF":  # as server the words are the user, as client the token
            self.user = words[-1]
            has_token = self.role == "client" or self.spnego
            token = words[1] if has_token and len(words) > 1 else "*"
            return True, base64.b64decode(token) if token != "*" else b""
        raise Failed(words[0], answer)

    def key(self):
        return base64.b64decode(self.ask("GK").split(" ")[1])

    def flags(self):
        return int(self.ask("GF").split(" ")[1], 16)

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def unhex(text):
    return b"" if text == "-" else bytes.fromhex(text)


def log_on(client, server):
    """Carries the three tokens; gives them. Raises Failed where an end refuses."""
    _, negotiate = client.step()
    _, challenge = server.step(negotiate)
    _, authenticate = client.step(challenge)
    done, _ = server.step(authenticate)
    assert done, "the server wants more than an AUTHENTICATE_MESSAGE"
    return negotiate, challenge, authenticate


def negotiate(client, server, first=b""):
    """Carries tokens until both ends are done; gives them. Raises Failed where an end refuses."""
    tokens = []
    done, token = client.step(first)
    accepted = False
    while token or not (done and accepted):
        assert len(tokens) < 12, "the ends do not come to an end"
        assert token or not done, f"{client.name} is done and {server.name} waits"
        tokens.append(token)
        accepted, token = server.step(token)
        if not token:
            break
        tokens.append(token)
        assert not done, f"{client.name} is done and {server.name} sends {len(token)} bytes more"
        done, token = client.step(token)
        if not token:
            break
    assert done and accepted, f"{client.name} done: {done}, {server.name} done: {accepted}"
    return tokens


def flipped(data, at):
    """Altered for certain; another byte in its place might be the one that was there."""
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


MESSAGES = [b"x", b"The quick brown fox", bytes(range(256)) * 5, b"\0" * 4096, os.urandom(70000)]


def sign_both_ways(client, server):
    """Several messages each way, in turns, so that numbers and RC4 states must agree on both ends."""
    for data in MESSAGES:
        server.verify(client.sign(data), data)
        client.verify(server.sign(data), data)


def seal_both_ways(client, server):
    for data in MESSAGES:
        for sender, receiver in ((client, server), (server, client)):
            signature, cipher = sender.seal(data)
            assert len(data) < 16 or cipher != data, f"{sender.name} left {len(data)} bytes in the clear"
            opened = receiver.unseal(signature, cipher)
            assert opened == data, f"{len(data)} bytes from {sender.name} changed on the way"


def refused(action, *statuses):
    """None if action raises Failed with one of the statuses (any, if none is given), else what happened."""
    try:
        action()
    except Failed as error:
        if not statuses or error.status in statuses:
            return None
        return f"refused with {error}, not {' or '.join(statuses)}"
    return "accepted"


def has_mic(authenticate):
    """Whether the payload of an AUTHENTICATE_MESSAGE leaves room for a MIC and one stands there."""
    starts = []
    for at in (12, 20, 28, 36, 44, 52):
        length = int.from_bytes(authenticate[at:at + 2], "little")
        if length:
            starts.append(int.from_bytes(authenticate[at + 4:at + 8], "little"))
    return min(starts) >= 88 and any(authenticate[72:88])


def need(tap, *tools, programs=()):
    """Ends the suite with a skip if something it needs is not here."""
    missing = [tool for tool in tools if not shutil.which(tool)]
    missing += ["interop_" + name for name in programs if not program(name)]
    if missing:
        tap.skip("the whole suite", f"not here: {', '.join(missing)}")
        tap.done()


def scratch():
    """A private folder that goes away with the suite."""
    folder = tempfile.TemporaryDirectory(prefix="opensspi-interop-", ignore_cleanup_errors=True)
    return folder, folder.name


def write_file(path, text):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    return path


def plain_accounts(folder):
    """Our account source of both users; gss-ntlmssp reads the same form."""
    lines = f"{DOMAIN}:{USER}:{PASSWORD}\n{DOMAIN}:{OTHER_USER}:{OTHER_PASSWORD}\n"
    return write_file(os.path.join(folder, "accounts"), lines)
