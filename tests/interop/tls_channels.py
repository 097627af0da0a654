"""TLS channels (tls_socket, starttls, http over them) against openssl, GnuTLS, curl and nginx, both roles."""

import ssl

from tls_peers import *

tap = Tap()
need(tap, "openssl", "tclsh", "gnutls-cli", "gnutls-serv", "curl", "nginx")
keep, folder = scratch()
pki = common_pki(folder)
path = pki.path
ROOT = path("root.pem")
TRUST = ["-CAfile", ROOT, "-verify_return_error", "-verify_hostname", "localhost"]
CLIENT = {"certs": path("client.pem")}


def server_words(version, mutual):
    return {"protocols": version, **({"request": 1, "roots": ROOT} if mutual else {})}


def check(seen, version, peer, resumed="0", alpn="-"):
    wanted = {"protocol": version, "peer": peer, "resumed": resumed, "alpn": alpn}
    got = {name: seen[name] for name in wanted}
    assert got == wanted, f"got {got}, wanted {wanted}"


# ---- openssl ----


def s_client(port, version, *more):
    return ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", "localhost", *TRUST,
            *OPENSSL[version], *more]


def from_s_client(version, kind, mutual):
    with TclServer(certs=path(kind + ".pem"), **server_words(version, mutual)) as server:
        more = ["-cert", path("client.crt"), "-key", path("client.key")] if mutual else []
        out = talk(*s_client(server.port, version, "-quiet", *more))
        assert "echo hello" in out, out
        check(server.report(), version, "client" if mutual else "-")


def s_client_resumes(version, mutual):
    with TclServer(certs=path("ec.pem"), **server_words(version, mutual)) as server:
        more = ["-cert", path("client.crt"), "-key", path("client.key")] if mutual else []
        first = talk(*s_client(server.port, version, "-sess_out", path("session"), *more))
        again = talk(*s_client(server.port, version, "-sess_in", path("session"), *more))
        assert "New, TLS" in first and "Reused, TLS" in again, again
        for resumed in "01":
            check(server.report(), version, "client" if mutual else "-", resumed)


@contextlib.contextmanager
def s_server(version, kind, *more, way="-rev"):
    port = free_port()
    words = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", path(kind + ".crt"), "-key",
             path(kind + ".key"), way]
    with running(*words, *OPENSSL[version], *more, ready=port) as process:
        process.port = port
        yield process


def said_by(process):
    """What a server has printed."""
    process.kill()
    return process.stdout.read()


def to_s_server(version, kind, mutual):
    more = ["-Verify", "1", "-CAfile", ROOT, "-verify_return_error"] if mutual else []
    with s_server(version, kind, *more) as server:
        run = tcl_client(server.port, roots=ROOT, protocols=version, count=2, **(CLIENT if mutual else {}))
        said = said_by(server)
    assert answers_of(run) == ["olleh"] * 2, run.stdout + run.stderr
    for seen, resumed in zip(reports_of(run), "01", strict=True):
        check(seen, version, "localhost", resumed)
        assert seen["own"] == ("client" if mutual else "-"), seen
    assert not mutual or "CN = client" in said, said
    assert not mutual or "issuers {CN=Interop Root}" in run.stdout, run.stdout


def s_server_resumes(version, mutual):
    """Its page of status tells whether the session was a new one."""
    more = ["-Verify", "1", "-CAfile", ROOT, "-verify_return_error"] if mutual else []
    with s_server(version, "ec", *more, way="-www") as server:
        run = tcl_client(server.port, roots=ROOT, protocols=version, count=2, send="GET / HTTP/1.0\n",
                         until="^(New|Reused)", **(CLIENT if mutual else {}))
    said = [answer.split(", Cipher")[0] for answer in answers_of(run)]
    assert said == ["New, " + WIRE[version], "Reused, " + WIRE[version]], run.stdout + run.stderr


def refused(version, target, roots, code, *more):
    with s_server(version, "ec", *more) as server:
        run = tcl_client(server.port, target=target, protocols=version, **({"roots": ROOT} if roots else {}))
    assert run.returncode == 1 and f"code TWAPI_WIN32 {code} " in run.stdout, run.stdout + run.stderr


def certificate_required(version):
    """In TLS 1.3 the client is done before the server says no, and learns of it with the first read."""
    with s_server(version, "ec", "-Verify", "1", "-CAfile", ROOT) as server:
        run = tcl_client(server.port, roots=ROOT, protocols=version)
        said_until(server, "peer did not return a certificate")
    assert run.returncode == 1 and "answer olleh" not in run.stdout, run.stdout + run.stderr


# ---- GnuTLS ----


def from_gnutls_cli(version, kind, mutual):
    with TclServer(certs=path(kind + ".pem"), **server_words(version, mutual)) as server:
        more = ["--x509certfile", path("client.crt"), "--x509keyfile", path("client.key")] if mutual else []
        out = talk("gnutls-cli", "--x509cafile", ROOT, "--priority", GNUTLS[version], "-p", str(server.port), *more,
                   "localhost")
        assert "echo hello" in out, out
        check(server.report(), version, "client" if mutual else "-")


def gnutls_cli_resumes(version):
    with TclServer(certs=path("ec.pem"), protocols=version) as server:
        out = talk("gnutls-cli", "--x509cafile", ROOT, "--priority", GNUTLS[version], "-r", "-p", str(server.port),
                   "localhost", until="*** This is a resumed session")
        assert "*** This is a resumed session" in out, out
        for resumed in "01":
            check(server.report(), version, "-", resumed)


@contextlib.contextmanager
def gnutls_serv(version, kind, *more):
    port = free_port()
    words = ["gnutls-serv", "--echo", "-p", str(port), "--priority", GNUTLS[version], "--x509certfile",
             path(kind + ".crt"), "--x509keyfile", path(kind + ".key")]
    with running(*words, *more, ready=port) as process:
        process.port = port
        yield process


def to_gnutls_serv(version, kind, mutual):
    more = ["--x509cafile", ROOT, "--require-client-cert"] if mutual else ["--disable-client-cert"]
    with gnutls_serv(version, kind, *more) as server:
        run = tcl_client(server.port, roots=ROOT, protocols=version, count=2, **(CLIENT if mutual else {}))
        said = said_by(server)
    assert answers_of(run) == ["hello"] * 2, run.stdout + run.stderr
    for seen, resumed in zip(reports_of(run), "01", strict=True):
        check(seen, version, "localhost", resumed)
    assert said.count("*** This is a resumed session") == 1, said


# ---- curl, and HTTP on our server ----


def from_curl(version, mutual):
    with TclServer(certs=path("rsa.pem"), **server_words(version, mutual)) as server:
        more = ["--cert", path("client.crt"), "--key", path("client.key")] if mutual else []
        base = f"https://localhost:{server.port}"
        run = command("curl", "--noproxy", "*", "-sS", "--cacert", ROOT, *CURL[version], *more, f"{base}/one",
                      f"{base}/two")
        assert run.stdout == "page /one\npage /two\n", run.stdout + run.stderr
        check(server.report(), version, "client" if mutual else "-")
        # The connection is closed, the session goes on.
        run = command("curl", "--noproxy", "*", "-sS", "-H", "Connection: close", "--cacert", ROOT, *CURL[version],
                      *more, f"{base}/1", f"{base}/2")
        assert run.stdout == "page /1\npage /2\n", run.stdout + run.stderr
        for resumed in "01":
            check(server.report(), version, "client" if mutual else "-", resumed)


# ---- nginx, and package http ----

NGINX = """
worker_processes 1; master_process off; daemon off; pid {folder}/nginx.pid; error_log stderr notice;
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_temp_path {folder}/n1; proxy_temp_path {folder}/n2;
  fastcgi_temp_path {folder}/n3; uwsgi_temp_path {folder}/n4; scgi_temp_path {folder}/n5;
  ssl_protocols {protocols}; ssl_session_cache shared:s:1m; ssl_session_tickets {tickets};
  server {{
    listen 127.0.0.1:{port} ssl http2; server_name localhost;
    ssl_certificate {folder}/{kind}.crt; ssl_certificate_key {folder}/{kind}.key;
    {verify}
    set $tls "$ssl_protocol r=$ssl_session_reused sni=$ssl_server_name alpn=$ssl_alpn_protocol";
    location / {{ return 200 "$tls dn=$ssl_client_s_dn n=$connection_requests"; }}
    location /close {{ keepalive_timeout 0; return 200 "r=$ssl_session_reused"; }}
  }}
}}
"""
WIRE = {"tls1.2": "TLSv1.2", "tls1.3": "TLSv1.3"}


@contextlib.contextmanager
def nginx(version, kind="ec", mutual=False, tickets="on"):
    port = free_port()
    verify = f"ssl_verify_client on; ssl_client_certificate {ROOT};" if mutual else ""
    config = NGINX.format(folder=folder, port=port, kind=kind, verify=verify, protocols=WIRE[version], tickets=tickets)
    with running("nginx", "-e", "stderr", "-p", folder, "-c", write_file(path("nginx.conf"), config),
                 ready=port) as process:
        process.port = port
        yield process


def to_nginx(version, kind, mutual):
    with nginx(version, kind, mutual) as server:
        run = tcl_client(server.port, roots=ROOT, protocols=version, alpn="http/1.1", http="/a /b /c",
                         **(CLIENT if mutual else {}))
        dn = "CN=client" if mutual else ""
        page = f"page ok 200 {WIRE[version]} r=. sni=localhost alpn=http/1.1 dn={dn} n="
        wanted = [page + str(n) for n in (1, 2, 3)] + ["connections 1"]
        assert run.stdout.splitlines() == wanted, run.stdout + run.stderr


def http_as_documented(version):
    """http::register https 443 ::twapi::tls_socket and nothing else; nginx counts the requests of one connection."""
    with nginx(version) as server:
        run = tcl_client(server.port, env={"SSL_CERT_FILE": ROOT}, http="/a /b /c", bare=1)
        counts = [line.rsplit(" ", 1)[1] for line in run.stdout.splitlines()]
        assert counts == ["n=1", "n=2", "n=3"], run.stdout + run.stderr
        run = tcl_client(server.port, http="/a", bare=1)
        assert "page ok" not in run.stdout and "authority that is not trusted" in run.stdout, run.stdout + run.stderr


def nginx_resumes(version, tickets):
    with nginx(version, tickets=tickets) as server:
        run = tcl_client(server.port, roots=ROOT, protocols=version, http="/close /close")
        assert run.stdout == "page ok 200 r=.\npage ok 200 r=r\nconnections 2\n", run.stdout + run.stderr


def nginx_without_certificate(version):
    with nginx(version, mutual=True) as server:
        run = tcl_client(server.port, roots=ROOT, protocols=version, http="/a")
        assert "page ok 400 " in run.stdout and "No required SSL certificate" in run.stdout, run.stdout + run.stderr


# ---- ALPN, SNI, STARTTLS ----


def alpn_from_s_client():
    with TclServer(certs=path("ec.pem"), alpn="h2 http/1.1") as server:
        for offered, chosen in (("http/1.1,h2", "h2"), ("http/1.1", "http/1.1")):
            out = talk(*s_client(server.port, "tls1.3", "-alpn", offered))
            assert f"ALPN protocol: {chosen}" in out, out
            check(server.report(), "tls1.3", "-", alpn=chosen)
        run = command(*s_client(server.port, "tls1.3", "-alpn", "spdy/1"), stdin=subprocess.DEVNULL)
        assert run.returncode != 0 and "no application protocol" in run.stderr, run.stderr
        assert server.line().startswith("refused "), "the server says nothing of the refusal"


def alpn_from_gnutls_cli():
    with TclServer(certs=path("ec.pem"), alpn="h2 http/1.1") as server:
        out = talk("gnutls-cli", "--x509cafile", ROOT, "-p", str(server.port), "--alpn=http/1.1", "localhost")
        assert "echo hello" in out and "Application protocol: http/1.1" in out, out
        check(server.report(), "tls1.3", "-", alpn="http/1.1")


def alpn_to_s_server():
    with s_server("tls1.3", "ec", "-alpn", "http/1.1") as server:
        run = tcl_client(server.port, roots=ROOT, alpn="h2 http/1.1")
        assert reports_of(run)[0]["alpn"] == "http/1.1", run.stdout
    with s_server("tls1.2", "ec") as server:
        run = tcl_client(server.port, roots=ROOT, alpn="h2 http/1.1")
        assert reports_of(run)[0]["alpn"] == "-", run.stdout


def server_of_names(test):
    for name, kind, names in (("a", "ec", "DNS:a.test"), ("b", "ec", "DNS:b.test,DNS:*.b.test"),
                              ("b2", "rsa", "DNS:b.test")):
        if not os.path.exists(path(name + ".pem")):
            pki.issue(name, name, kind, names)
    with TclServer(certs=" ".join(path(name + ".pem") for name in ("a", "b", "b2"))) as server:
        test(server)


def sni_s_client(server):
    for name, wanted in (("a.test", "a"), ("b.test", "b"), ("x.b.test", "b"), ("unknown.test", "a")):
        run = command("openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-servername", name, "-CAfile",
                      ROOT, input="")
        assert f"subject=CN = {wanted}\n" in run.stdout, f"{name}: {run.stdout[:400]}"
        assert server.report()["own"] == wanted
    # The kind of key that the client can check decides among those of one name.
    run = command("openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-servername", "b.test", "-sigalgs",
                  "rsa_pss_rsae_sha256", input="")
    assert "subject=CN = b2\n" in run.stdout, run.stdout[:400]
    run = command("openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-noservername", input="")
    assert "subject=CN = a\n" in run.stdout, run.stdout[:400]


def sni_gnutls_cli(server):
    for name in ("a.test", "b.test"):
        out = talk("gnutls-cli", "--x509cafile", ROOT, "-p", str(server.port), "--sni-hostname", name,
                   "--verify-hostname", name, "localhost")
        assert "echo hello" in out, out


def sni_own(server):
    for name, own in (("a.test", "a"), ("b.test", "b")):
        run = tcl_client(server.port, roots=ROOT, target=name)
        assert reports_of(run)[0]["peer"] == own, run.stdout


def smtp_s_client(version):
    with TclServer(certs=path("ec.pem"), protocols=version, starttls=1) as server:
        out = talk(*s_client(server.port, version, "-starttls", "smtp", "-quiet"))
        assert "echo hello" in out, out
        check(server.report(), version, "-")


def smtp_gnutls_cli():
    with TclServer(certs=path("ec.pem"), starttls=1) as server:
        out = talk("gnutls-cli", "--x509cafile", ROOT, "-p", str(server.port), "--starttls-proto=smtp", "localhost")
        assert "echo hello" in out, out


def smtp_server(version):
    """Our client turns to TLS on a server of Python's, which is OpenSSL's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path("ec.crt"), path("ec.key"))
    only = {"tls1.2": ssl.TLSVersion.TLSv1_2, "tls1.3": ssl.TLSVersion.TLSv1_3}[version]
    context.minimum_version = context.maximum_version = only

    def serve(listener):
        chan, _ = listener.accept()
        chan.settimeout(60)
        lines = chan.makefile("rwb", buffering=0)
        lines.write(b"220 here\r\n")
        assert lines.readline() == b"EHLO localhost\r\n"
        lines.write(b"250-here\r\n250 STARTTLS\r\n")
        assert lines.readline() == b"STARTTLS\r\n"
        lines.write(b"220 go on\r\n")
        with context.wrap_socket(chan, server_side=True) as secure:
            secure.sendall(b"secure " + secure.recv(100))
            secure.recv(100)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        run = tcl_client(listener.getsockname()[1], roots=ROOT, protocols=version, starttls=1)
        thread.join(60)
    assert answers_of(run) == ["secure hello"], run.stdout + run.stderr
    check(reports_of(run)[0], version, "localhost")


# ---- -usedefaultclientcert ----


def personal_store():
    """MY with certificates that do not fit, for a reason each, and one that does."""
    store = path("my")
    os.mkdir(store, 0o700)
    strangers = os.path.join(folder, "strangers")
    os.mkdir(strangers)
    other = Pki(strangers, root="Another Root")
    other.issue("stranger", "of another authority", usage="clientAuth", days=300)
    pki.issue("serves", "a server's", usage="serverAuth", days=200)
    pki.issue("expired", "expired", usage="clientAuth", days=-1)
    pki.issue("soon", "ends sooner", usage="clientAuth", days=10)
    pki.issue("right", "right", usage="clientAuth", days=20)
    for name, source in (("stranger", other), ("serves", pki), ("expired", pki), ("soon", pki), ("right", pki)):
        write_file(os.path.join(store, name + ".pem"), source.read(name + ".pem"))
    write_file(os.path.join(store, "nokey.pem"), pki.read("client.crt"))
    return {"OPENSSPI_MY": store}


def default_s_server(version, env, default):
    with s_server(version, "ec", "-Verify", "1", "-CAfile", ROOT, "-verify_return_error") as server:
        run = tcl_client(server.port, env=env, roots=ROOT, protocols=version, default=default)
        assert answers_of(run) == ["olleh"] and reports_of(run)[0]["own"] == "right", run.stdout + run.stderr
        assert "issuers {CN=Interop Root}" in run.stdout, run.stdout
        assert "CN = right" in said_by(server)


def default_nginx(version, env):
    with nginx(version, mutual=True) as server:
        run = tcl_client(server.port, env=env, roots=ROOT, protocols=version, default=1, http="/")
        assert "page ok 200" in run.stdout and "dn=CN=right" in run.stdout, run.stdout + run.stderr


def default_gnutls_serv(version, env):
    with gnutls_serv(version, "ec", "--x509cafile", ROOT, "--require-client-cert") as server:
        run = tcl_client(server.port, env=env, roots=ROOT, protocols=version, default=1)
        assert answers_of(run) == ["hello"] and reports_of(run)[0]["own"] == "right", run.stdout + run.stderr


def default_of_nobody(version, env):
    """A server that takes another authority's only gets none of ours, and one that does not insist goes on without."""
    with s_server(version, "ec", "-verify", "1", "-CAfile", path("rsa.crt")) as server:
        run = tcl_client(server.port, env=env, roots=ROOT, protocols=version, default=1)
        assert answers_of(run) == ["olleh"] and reports_of(run)[0]["own"] == "-", run.stdout + run.stderr


def default_not_asked(version, env):
    with s_server(version, "ec", "-verify", "1", "-CAfile", ROOT) as server:
        run = tcl_client(server.port, env=env, roots=ROOT, protocols=version)
        assert answers_of(run) == ["olleh"] and reports_of(run)[0]["own"] == "-", run.stdout + run.stderr
    with s_server(version, "ec") as server:
        run = tcl_client(server.port, env=env, roots=ROOT, protocols=version, default=1)
        assert answers_of(run) == ["olleh"] and reports_of(run)[0]["own"] == "-", run.stdout + run.stderr


# ---- The matrix. ----

UNTRUSTED_ROOT, WRONG_PRINCIPAL, CERT_EXPIRED = -2146893019, -2146893022, -2146893016
env = personal_store()
pki.issue("late", "localhost", names="DNS:localhost", days=-1)

for version in VERSIONS:
    for kind in Pki.KINDS:
        for mutual in (False, True):
            what = f"{version}, {kind}{', client certificate' if mutual else ''}"
            tap.run(f"openssl s_client, {what}", lambda: from_s_client(version, kind, mutual))
            tap.run(f"openssl s_server, {what}", lambda: to_s_server(version, kind, mutual))
            tap.run(f"gnutls-cli, {what}", lambda: from_gnutls_cli(version, kind, mutual))
            tap.run(f"gnutls-serv, which sees the resumption, {what}", lambda: to_gnutls_serv(version, kind, mutual))
            tap.run(f"nginx, three pages by http with keep-alive, {what}", lambda: to_nginx(version, kind, mutual))
    for mutual in (False, True):
        what = f"{version}{', client certificate' if mutual else ''}"
        tap.run(f"openssl s_client resumes, {what}", lambda: s_client_resumes(version, mutual))
        tap.run(f"openssl s_server sees the resumption, {what}", lambda: s_server_resumes(version, mutual))
        tap.run(f"curl, keep-alive, resumption, {what}", lambda: from_curl(version, mutual))
    tap.run(f"gnutls-cli resumes, {version}", lambda: gnutls_cli_resumes(version))
    tap.run(f"nginx, http::register with tls_socket as it is, {version}", lambda: http_as_documented(version))
    for tickets in ("on", "off"):
        tap.run(f"nginx sees the resumption, {version}, tickets {tickets}", lambda: nginx_resumes(version, tickets))
    tap.run(f"nginx asks for a certificate and gets none, {version}", lambda: nginx_without_certificate(version))
    tap.run(f"another name is refused, {version}", lambda: refused(version, "other.example", True, WRONG_PRINCIPAL))
    tap.run(f"an unknown root is refused, {version}", lambda: refused(version, "localhost", False, UNTRUSTED_ROOT))
    tap.run(f"an expired certificate is refused, {version}",
            lambda: refused(version, "localhost", True, CERT_EXPIRED, "-cert", path("late.crt"), "-key",
                            path("late.key")))
    tap.run(f"a server that insists on a client certificate, {version}", lambda: certificate_required(version))
    tap.run(f"STARTTLS from openssl s_client, {version}", lambda: smtp_s_client(version))
    tap.run(f"STARTTLS to a server, {version}", lambda: smtp_server(version))
    for default, how in (("1", "asked for"), ("", "without a word")):
        tap.run(f"default client certificate {how}, openssl s_server, {version}",
                lambda: default_s_server(version, env, default))
    tap.run(f"default client certificate, gnutls-serv, {version}", lambda: default_gnutls_serv(version, env))
    tap.run(f"default client certificate, nginx, {version}", lambda: default_nginx(version, env))
    tap.run(f"no default client certificate for other authorities, {version}", lambda: default_of_nobody(version, env))
    tap.run(f"no default client certificate where none is asked for, by either side, {version}",
            lambda: default_not_asked(version, env))
tap.run("STARTTLS from gnutls-cli", smtp_gnutls_cli)
tap.run("ALPN, openssl s_client", alpn_from_s_client)
tap.run("ALPN, gnutls-cli", alpn_from_gnutls_cli)
tap.run("ALPN, openssl s_server", alpn_to_s_server)
tap.run("SNI chooses the certificate, openssl s_client", lambda: server_of_names(sni_s_client))
tap.run("SNI chooses the certificate, gnutls-cli", lambda: server_of_names(sni_gnutls_cli))
tap.run("SNI chooses the certificate, our client", lambda: server_of_names(sni_own))
tap.done()
