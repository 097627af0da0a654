"""Schannel against openssl s_client and s_server, gnutls-cli and gnutls-serv, curl and sslscan, both roles."""

import contextlib
import re
import socket
import threading
import time

from interop import *

tap = Tap()
need(tap, "openssl", programs=["tls"])
keep, folder = scratch()
OURS = program("tls")
VERSIONS = {"tls1.2": "303", "tls1.3": "304"}


def command(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, timeout=20, **more)


def talk(*words, until="echo hello"):
    """Starts a client, says hello, reads to the answer and ends it; gives what it printed."""
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    stop = threading.Timer(15, process.kill)
    stop.start()
    process.stdin.write("hello\n")
    process.stdin.flush()
    out = ""
    for line in process.stdout:
        out += line
        if until in line:
            break
    with contextlib.suppress(OSError):
        process.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(2)
    process.kill()
    process.wait()
    stop.cancel()
    return out


def path(name):
    return os.path.join(folder, name)


def openssl(*words):
    run = command("openssl", *words)
    assert run.returncode == 0, run.stderr


def make_certificates():
    """root.pem, and NAME.pem with key for localhost (RSA and EC) and a client."""
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", path("root.key"),
            "-out", path("root.pem"), "-subj", "/CN=Interop Root", "-days", "30", "-addext", "basicConstraints=critical,CA:TRUE")
    kinds = {"rsa": ["rsa:2048"], "ec": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "client": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]}
    for name, kind in kinds.items():
        openssl("req", "-newkey", *kind, "-nodes", "-keyout", path(name + ".key"), "-out", path(name + ".csr"),
                "-subj", "/CN=interop client" if name == "client" else "/CN=localhost")
        with open(path("ext"), "w") as file:
            file.write("subjectAltName=DNS:localhost\n" if name != "client" else "extendedKeyUsage=clientAuth\n")
        openssl("x509", "-req", "-in", path(name + ".csr"), "-CA", path("root.pem"), "-CAkey", path("root.key"), "-CAcreateserial",
                "-out", path(name + ".crt"), "-days", "30", "-extfile", path("ext"))
        with open(path(name + ".pem"), "w") as file:
            for part in (".crt", ".key"):
                file.write(open(path(name + part)).read())
    for name in os.listdir(folder):
        os.chmod(path(name), 0o600)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running(*words, ready=None):
    """A server as a child process; the lines it prints are in .lines once it has ended."""
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        if ready:
            for _ in range(100):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", ready), timeout=1):
                    break
                time.sleep(0.1)
        yield process
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def our_server(*options):
    with running(OURS, "server", *options) as process:
        line = process.stdout.readline()
        assert line.startswith("port "), line
        process.port = int(line.split()[1])
        yield process


def our_client(port, *options):
    return command(OURS, "client", f"port={port}", "target=localhost", f"roots={path('root.pem')}", *options)


def report_of(line):
    assert line.startswith("connected"), line
    return dict(word.partition("=")[::2] for word in line.split(" ", 1)[1].strip().replace("peer=interop client", "peer=client").split())


make_certificates()
FLAGS = {"tls1.2": ["-tls1_2"], "tls1.3": ["-tls1_3"]}
GNUTLS = {"tls1.2": "NORMAL:-VERS-ALL:+VERS-TLS1.2", "tls1.3": "NORMAL:-VERS-ALL:+VERS-TLS1.3"}


def s_client(version, kind, mutual):
    with our_server(f"cert={path(kind + '.pem')}", f"proto={version}", *(["mutual=1", f"roots={path('root.pem')}"] if mutual else [])) as server:
        more = ["-cert", path("client.crt"), "-key", path("client.key")] if mutual else []
        out = talk("openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-servername", "localhost", "-CAfile", path("root.pem"),
                   "-verify_return_error", "-verify_hostname", "localhost", "-quiet", *FLAGS[version], *more)
        assert "echo hello" in out, out
        seen = report_of(server.stdout.readline())
        assert seen["version"] == VERSIONS[version], seen
        assert seen["peer"] == ("client" if mutual else "none"), seen


def s_client_resumes(version):
    with our_server(f"cert={path('ec.pem')}", f"proto={version}") as server:
        base = ["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-servername", "localhost", "-CAfile", path("root.pem"), *FLAGS[version]]
        talk(*base, "-sess_out", path("session"), "-quiet")
        talk(*base, "-sess_in", path("session"), "-quiet")
        lines = [report_of(server.stdout.readline()) for _ in range(2)]
        assert [line["resumed"] for line in lines] == ["0", "1"], lines


def s_client_alpn():
    with our_server(f"cert={path('ec.pem')}", "alpn=h2") as server:
        run = command("openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-alpn", "http/1.1,h2", input="Q\n")
        assert "ALPN protocol: h2" in run.stdout, run.stdout


def s_server(version, kind, mutual):
    port = free_port()
    more = ["-Verify", "1", "-CAfile", path("root.pem"), "-verify_return_error"] if mutual else []
    with running("openssl", "s_server", "-accept", str(port), "-cert", path(kind + ".crt"), "-key", path(kind + ".key"), "-rev", *FLAGS[version],
                 *more, ready=port):
        run = our_client(port, f"proto={version}", "count=2", *([f"cert={path('client.pem')}"] if mutual else []))
        lines = run.stdout.splitlines()
        assert run.returncode == 0 and lines.count("answer olleh") == 2, run.stdout + run.stderr
        seen = [report_of(line) for line in lines if line.startswith("connected")]
        assert [s["version"] for s in seen] == [VERSIONS[version]] * 2 and seen[0]["peer"] == "localhost", seen
        assert [s["resumed"] for s in seen] == ["0", "1"], seen


def s_server_refused(target, roots):
    port = free_port()
    with running("openssl", "s_server", "-accept", str(port), "-cert", path("ec.crt"), "-key", path("ec.key"), ready=port):
        run = command(OURS, "client", f"port={port}", f"target={target}", *([f"roots={path('root.pem')}"] if roots else []))
        assert run.returncode == 1 and "failed handshake: certificate of the peer" in run.stdout, run.stdout


def s_server_updates_keys():
    port = free_port()
    with running("openssl", "s_server", "-accept", str(port), "-cert", path("ec.crt"), "-key", path("ec.key"), "-tls1_3", ready=port) as server:
        client = subprocess.Popen([OURS, "client", f"port={port}", "target=localhost", f"roots={path('root.pem')}"], stdout=subprocess.PIPE, text=True)
        client.stdout.readline()
        for key in ("K", "k"):
            server.stdin.write(key + "\n")
            server.stdin.flush()
            time.sleep(0.3)
        server.stdin.write("after new keys\n")
        server.stdin.flush()
        answer = client.stdout.readline()
        client.wait(20)
        assert answer == "answer after new keys\n", answer


def gnutls_client(version, mutual):
    with our_server(f"cert={path('ec.pem')}", f"proto={version}", *(["mutual=1", f"roots={path('root.pem')}"] if mutual else [])) as server:
        more = ["--x509certfile", path("client.crt"), "--x509keyfile", path("client.key")] if mutual else []
        out = talk("gnutls-cli", "--x509cafile", path("root.pem"), "--priority", GNUTLS[version], "-p", str(server.port), *more, "localhost")
        assert "echo hello" in out, out
        seen = report_of(server.stdout.readline())
        assert seen["version"] == VERSIONS[version] and seen["peer"] == ("client" if mutual else "none"), seen


def gnutls_server(version, kind, mutual):
    port = free_port()
    more = ["--x509cafile", path("root.pem"), "--require-client-cert"] if mutual else ["--disable-client-cert"]
    with running("gnutls-serv", "--echo", "-p", str(port), "--priority", GNUTLS[version], "--x509certfile", path(kind + ".crt"), "--x509keyfile", path(kind + ".key"),
                 "-q", *more, ready=port):
        run = our_client(port, f"proto={version}", *([f"cert={path('client.pem')}"] if mutual else []))
        assert run.returncode == 0 and "answer hello" in run.stdout, run.stdout + run.stderr


def curl(version, mutual):
    with our_server(f"cert={path('rsa.pem')}", f"proto={version}", *(["mutual=1", f"roots={path('root.pem')}"] if mutual else [])) as server:
        more = ["--cert", path("client.crt"), "--key", path("client.key")] if mutual else []
        run = command("curl", "--noproxy", "*", "--silent", "--show-error", "--cacert", path("root.pem"), "--resolve", f"localhost:{server.port}:127.0.0.1", *more,
                      f"https://localhost:{server.port}/")
        assert run.stdout == "hello\n", run.stdout + run.stderr


def sslscan():
    with our_server(f"cert={path('ec.pem')}") as server:
        out = re.sub(r"\x1b\[[0-9;]*m", "", command("sslscan", "--no-colour", f"127.0.0.1:{server.port}").stdout)
    enabled = re.findall(r"^(SSLv\d|TLSv[\d.]+)\s+enabled", out, flags=re.M)
    assert enabled == ["TLSv1.2", "TLSv1.3"], out
    suites = re.findall(r"^(?:Preferred|Accepted)\s+TLSv[\d.]+\s+(\d+) bits\s+(\S+)", out, flags=re.M)
    weak = [name for bits, name in suites if int(bits) < 128 or not re.search(r"GCM|CHACHA20", name) or not re.match(r"TLS_|ECDHE", name)]
    assert suites and not weak, f"{weak}\n{out}"
    for line in ("Session renegotiation not supported", "not vulnerable to heartbleed"):
        assert line in out, f"{line}: missing in\n{out}"


def have(name):
    return shutil.which(name) is not None


for version in FLAGS:
    for kind in ("rsa", "ec"):
        for mutual in (False, True):
            what = f"{version}, {kind}{', client certificate' if mutual else ''}"
            tap.run(f"openssl s_client, {what}", lambda: s_client(version, kind, mutual))
            tap.run(f"openssl s_server, resumption, {what}", lambda: s_server(version, kind, mutual))
            if have("gnutls-serv"):
                tap.run(f"gnutls-serv, {what}", lambda: gnutls_server(version, kind, mutual))
    tap.run(f"openssl s_client resumes, {version}", lambda: s_client_resumes(version))
    for mutual in (False, True):
        what = f"{version}{', client certificate' if mutual else ''}"
        if have("gnutls-cli"):
            tap.run(f"gnutls-cli, {what}", lambda: gnutls_client(version, mutual))
        if have("curl"):
            tap.run(f"curl, {what}", lambda: curl(version, mutual))
tap.run("openssl s_client, ALPN", s_client_alpn)
tap.run("openssl s_server with another name is refused", lambda: s_server_refused("other.example", True))
tap.run("openssl s_server with an untrusted root is refused", lambda: s_server_refused("localhost", False))
tap.run("openssl s_server updates its keys", s_server_updates_keys)
if have("sslscan"):
    tap.run("sslscan finds TLS 1.2 and 1.3 with strong suites only", sslscan)
for name in ("gnutls-cli", "curl", "sslscan"):
    if not have(name):
        tap.skip(name, "it is not installed")
tap.done()
