"""Schannel against openssl s_client and s_server, gnutls-cli and gnutls-serv, and curl, both roles."""

from tls_peers import *

tap = Tap()
need(tap, "openssl", "gnutls-cli", "gnutls-serv", "curl", programs=["tls"])
keep, folder = scratch()
OURS = program("tls")
WIRE = {"tls1.2": "303", "tls1.3": "304"}
pki = common_pki(folder)
path = pki.path


@contextlib.contextmanager
def our_server(*options):
    with running(OURS, "server", *options) as process:
        line = process.stdout.readline()
        assert line.startswith("port "), line
        process.port = int(line.split()[1])
        yield process


def our_client(port, *options):
    return command(OURS, "client", f"port={port}", "target=localhost", f"roots={path('root.pem')}", *options)


def s_client(version, kind, mutual):
    with our_server(f"cert={path(kind + '.pem')}", f"proto={version}",
                    *(["mutual=1", f"roots={path('root.pem')}"] if mutual else [])) as server:
        more = ["-cert", path("client.crt"), "-key", path("client.key")] if mutual else []
        out = talk("openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-servername", "localhost", "-CAfile",
                   path("root.pem"),
                   "-verify_return_error", "-verify_hostname", "localhost", "-quiet", *OPENSSL[version], *more)
        assert "echo hello" in out, out
        seen = report_of(server.stdout.readline().strip())
        assert seen["version"] == WIRE[version], seen
        assert seen["peer"] == ("client" if mutual else "none"), seen


def s_client_resumes(version):
    with our_server(f"cert={path('ec.pem')}", f"proto={version}") as server:
        base = ["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-servername", "localhost", "-CAfile",
                path("root.pem"), *OPENSSL[version]]
        talk(*base, "-sess_out", path("session"), "-quiet")
        talk(*base, "-sess_in", path("session"), "-quiet")
        lines = [report_of(server.stdout.readline().strip()) for _ in range(2)]
        assert [line["resumed"] for line in lines] == ["0", "1"], lines


def s_client_alpn():
    with our_server(f"cert={path('ec.pem')}", "alpn=h2") as server:
        run = command("openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-alpn", "http/1.1,h2",
                      input="Q\n")
        assert "ALPN protocol: h2" in run.stdout, run.stdout


def s_server(version, kind, mutual):
    port = free_port()
    more = ["-Verify", "1", "-CAfile", path("root.pem"), "-verify_return_error"] if mutual else []
    with running("openssl", "s_server", "-accept", str(port), "-cert", path(kind + ".crt"), "-key", path(kind + ".key"),
                 "-rev", *OPENSSL[version],
                 *more, ready=port):
        run = our_client(port, f"proto={version}", "count=2", *([f"cert={path('client.pem')}"] if mutual else []))
        lines = run.stdout.splitlines()
        assert run.returncode == 0 and lines.count("answer olleh") == 2, run.stdout + run.stderr
        seen = [report_of(line) for line in lines if line.startswith("connected")]
        assert [s["version"] for s in seen] == [WIRE[version]] * 2 and seen[0]["peer"] == "localhost", seen
        assert [s["resumed"] for s in seen] == ["0", "1"], seen


def s_server_refused(target, roots):
    port = free_port()
    with running("openssl", "s_server", "-accept", str(port), "-cert", path("ec.crt"), "-key", path("ec.key"),
                 ready=port):
        run = command(OURS, "client", f"port={port}", f"target={target}",
                      *([f"roots={path('root.pem')}"] if roots else []))
        assert run.returncode == 1 and "failed handshake: certificate of the peer" in run.stdout, run.stdout


def s_server_updates_keys():
    port = free_port()
    with running("stdbuf", "-oL", "openssl", "s_server", "-accept", str(port), "-cert", path("ec.crt"), "-key",
                 path("ec.key"), "-tls1_3", ready=port) as server:
        client = subprocess.Popen([OURS, "client", f"port={port}", "target=localhost", f"roots={path('root.pem')}"],
                                  stdout=subprocess.PIPE, text=True)
        client.stdout.readline()
        for key in ("K", "k"):
            server.stdin.write(key + "\n")
            server.stdin.flush()
            said_until(server, "SSL_do_handshake -> 1")  # it takes a command by itself only
        server.stdin.write("after new keys\n")
        server.stdin.flush()
        answer = client.stdout.readline()
        client.wait(60)
        assert answer == "answer after new keys\n", answer


def gnutls_client(version, mutual):
    with our_server(f"cert={path('ec.pem')}", f"proto={version}",
                    *(["mutual=1", f"roots={path('root.pem')}"] if mutual else [])) as server:
        more = ["--x509certfile", path("client.crt"), "--x509keyfile", path("client.key")] if mutual else []
        out = talk("gnutls-cli", "--x509cafile", path("root.pem"), "--priority", GNUTLS[version], "-p",
                   str(server.port), *more, "localhost")
        assert "echo hello" in out, out
        seen = report_of(server.stdout.readline().strip())
        assert seen["version"] == WIRE[version] and seen["peer"] == ("client" if mutual else "none"), seen


def gnutls_server(version, kind, mutual):
    port = free_port()
    more = ["--x509cafile", path("root.pem"), "--require-client-cert"] if mutual else ["--disable-client-cert"]
    with running("gnutls-serv", "--echo", "-p", str(port), "--priority", GNUTLS[version], "--x509certfile",
                 path(kind + ".crt"), "--x509keyfile", path(kind + ".key"),
                 "-q", *more, ready=port):
        run = our_client(port, f"proto={version}", *([f"cert={path('client.pem')}"] if mutual else []))
        assert run.returncode == 0 and "answer hello" in run.stdout, run.stdout + run.stderr


def curl(version, mutual):
    with our_server(f"cert={path('rsa.pem')}", f"proto={version}",
                    *(["mutual=1", f"roots={path('root.pem')}"] if mutual else [])) as server:
        more = ["--cert", path("client.crt"), "--key", path("client.key")] if mutual else []
        run = command("curl", "--noproxy", "*", "--silent", "--show-error", "--cacert", path("root.pem"), "--resolve",
                      f"localhost:{server.port}:127.0.0.1", *more,
                      f"https://localhost:{server.port}/")
        assert run.stdout == "hello\n", run.stdout + run.stderr


# By the IANA's name, as OpenSSL calls it, and how GnuTLS does where it has it. All of TLS 1.3, and of TLS 1.2 one of each
# kind that is in no default list.
SUITES = [("tls1.3", "TLS_AES_128_GCM_SHA256", None, "AES-128-GCM"),
          ("tls1.3", "TLS_AES_256_GCM_SHA384", None, "AES-256-GCM"),
          ("tls1.3", "TLS_CHACHA20_POLY1305_SHA256", None, "CHACHA20-POLY1305"),
          ("tls1.3", "TLS_AES_128_CCM_SHA256", None, "AES-128-CCM"),
          ("tls1.3", "TLS_AES_128_CCM_8_SHA256", None, "AES-128-CCM-8"),
          ("tls1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_CCM", "ECDHE-ECDSA-AES128-CCM", "AES-128-CCM"),
          ("tls1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8", "ECDHE-ECDSA-AES256-CCM8", "AES-256-CCM-8"),
          ("tls1.2", "TLS_DHE_RSA_WITH_AES_128_CCM", "DHE-RSA-AES128-CCM", None),
          ("tls1.2", "TLS_ECDHE_RSA_WITH_CAMELLIA_256_CBC_SHA384", "ECDHE-RSA-CAMELLIA256-SHA384", None),
          ("tls1.2", "TLS_ECDHE_ECDSA_WITH_ARIA_128_GCM_SHA256", "ECDHE-ECDSA-ARIA128-GCM-SHA256", None)]


def kind_for(suite):
    return "rsa" if "_RSA_" in suite else "ec"


def openssl_suite(version, suite, name):
    return ["-ciphersuites", suite] if version == "tls1.3" else ["-cipher", name, "-tls1_2"]


def s_client_suite(version, suite, name):
    """The one suite that we take is the one that it gets, and a client that has only others is turned away."""
    with our_server(f"cert={path(kind_for(suite) + '.pem')}", f"suites={suite}") as server:
        base = ["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-servername", "localhost", "-CAfile",
                path("root.pem"), "-verify_return_error", "-quiet"]
        other = ["-ciphersuites", next(s for v, s, *_ in SUITES if v == "tls1.3" and s != suite), "-cipher",
                 "ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256"]
        refused = command(*base, *other, input="")
        assert refused.returncode != 0 and "alert handshake failure" in refused.stderr, refused.stderr
        assert server.stdout.readline().startswith("failed handshake"), "the server's own words"
        out = talk(*base, *openssl_suite(version, suite, name))
        assert "echo hello" in out, out
        seen = report_of(server.stdout.readline().strip())
        assert seen["suite"] == suite and seen["version"] == WIRE[version], seen


def s_server_suite(version, suite, name):
    """It would take any, but is asked for one."""
    port = free_port()
    kind = kind_for(suite)
    with running("openssl", "s_server", "-accept", str(port), "-cert", path(kind + ".crt"), "-key", path(kind + ".key"),
                 "-rev", "-cipher", "ALL", "-ciphersuites", ":".join(s for v, s, *_ in SUITES if v == "tls1.3"),
                 ready=port):
        run = our_client(port, f"suites={name or suite}", "count=2")
        lines = run.stdout.splitlines()
        assert run.returncode == 0 and lines.count("answer olleh") == 2, run.stdout + run.stderr
        seen = [report_of(line) for line in lines if line.startswith("connected")]
        assert [s["suite"] for s in seen] == [suite] * 2 and [s["resumed"] for s in seen] == ["0", "1"], seen


def gnutls_serv_suite(version, suite, cipher):
    port = free_port()
    with running("gnutls-serv", "--echo", "-p", str(port), "--priority", f"NORMAL:-CIPHER-ALL:+{cipher}",
                 "--x509certfile", path("ec.crt"), "--x509keyfile", path("ec.key"), "--disable-client-cert", "-q",
                 ready=port):
        run = our_client(port, f"suites={suite}")
        assert run.returncode == 0 and "answer hello" in run.stdout, run.stdout + run.stderr
        seen = reports_of(run)[0]
        assert seen["suite"] == suite and seen["version"] == WIRE[version], seen


for version in VERSIONS:
    for kind in ("rsa", "ec"):
        for mutual in (False, True):
            what = f"{version}, {kind}{', client certificate' if mutual else ''}"
            tap.run(f"openssl s_client, {what}", lambda: s_client(version, kind, mutual))
            tap.run(f"openssl s_server, resumption, {what}", lambda: s_server(version, kind, mutual))
            tap.run(f"gnutls-serv, {what}", lambda: gnutls_server(version, kind, mutual))
    tap.run(f"openssl s_client resumes, {version}", lambda: s_client_resumes(version))
    for mutual in (False, True):
        what = f"{version}{', client certificate' if mutual else ''}"
        tap.run(f"gnutls-cli, {what}", lambda: gnutls_client(version, mutual))
        tap.run(f"curl, {what}", lambda: curl(version, mutual))
for version, suite, name, gnutls in SUITES:
    tap.run(f"openssl s_client, exactly {suite}", lambda: s_client_suite(version, suite, name))
    tap.run(f"openssl s_server, exactly {suite}, resumption", lambda: s_server_suite(version, suite, name))
    if gnutls:
        tap.run(f"gnutls-serv, exactly {suite}", lambda: gnutls_serv_suite(version, suite, gnutls))
tap.run("openssl s_client, ALPN", s_client_alpn)
tap.run("openssl s_server with another name is refused", lambda: s_server_refused("other.example", True))
tap.run("openssl s_server with an untrusted root is refused", lambda: s_server_refused("localhost", False))
tap.run("openssl s_server updates its keys", s_server_updates_keys)
tap.done()
