"""Private keys that never leave a PKCS#11 token (SoftHSM's), named by URIs: TLS servers and clients, and each way to fail."""

from tls_peers import *

tap = Tap()
need(tap, "openssl", "tclsh", "softhsm2-util", "pkcs11-tool")
keep, folder = scratch()
MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN, TOKEN = "12 34&?", "opensspi test"
pki = common_pki(folder)
pki.issue("rsaclient", "rsaclient", "rsa", usage="clientAuth")
path = pki.path
ROOT = path("root.pem")


def make_token():
    """A token with the keys of the certificates, which are gone from the disk; and one that was made inside."""
    os.mkdir(path("tokens"))
    os.environ["SOFTHSM2_CONF"] = write_file(path("softhsm2.conf"), f"directories.tokendir = {path('tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n")
    runs = [["softhsm2-util", "--init-token", "--free", "--label", TOKEN, "--so-pin", "000000", "--pin", PIN]]
    for number, name in enumerate(("rsa", "ec", "client", "rsaclient"), 1):
        openssl("pkcs8", "-topk8", "-nocrypt", "-in", path(name + ".key"), "-out", path("p8"))
        runs.append(["softhsm2-util", "--import", path("p8"), "--token", TOKEN, "--label", name, "--id", f"0{number}", "--pin", PIN])
        for run in runs:
            done = command(*run)
            assert done.returncode == 0, done.stdout + done.stderr
        runs = []
        for gone in (path("p8"), path(name + ".key"), path(name + ".pem")):
            os.remove(gone)
    made = command("pkcs11-tool", "--module", MODULE, "--token-label", TOKEN, "--login", "--pin", PIN, "--keypairgen", "--key-type", "EC:prime256v1", "--label", "made", "--id", "09")
    assert made.returncode == 0, made.stderr


def uri(name, pin="12%2034%26%3f", module=MODULE, token=TOKEN):
    query = ([f"module-path={module}"] if module else []) + ([f"pin-value={pin}"] if pin else [])
    return f"pkcs11:token={token.replace(' ', '%20')};object={name};type=private?" + "&".join(query)


def tcl(script, said=""):
    """What a script prints; its standard input has `said` behind it."""
    run = command("tclsh", write_file(path("script.tcl"), "package require twapi_crypto\nnamespace path twapi\n" + script), input=said, env=tcl_environment({"OPENSSPI_MY": path("my")}))
    return run.stdout + run.stderr


def read_certificate(name):
    return f"set in [open {path(name + '.crt')} rb]; set certificate [cert_import [read $in]]; close $in\n"


def server(version, kind):
    with TclServer(certs=path(kind + ".crt"), key=uri(kind), protocols=version) as ours:
        for _ in range(3):
            out = talk("openssl", "s_client", "-connect", f"127.0.0.1:{ours.port}", "-servername", "localhost", "-CAfile", ROOT, "-verify_return_error",
                       "-verify_hostname", "localhost", "-quiet", *OPENSSL[version])
            assert "echo hello" in out, out
            assert ours.report()["protocol"] == version
        run = tcl_client(ours.port, roots=ROOT, protocols=version)
        assert answers_of(run) == ["echo hello"], run.stdout + run.stderr


@contextlib.contextmanager
def s_server(version):
    port = free_port()
    pki.issue("peer", "localhost", names="DNS:localhost")
    words = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", path("peer.crt"), "-key", path("peer.key"), "-rev", "-Verify", "1", "-CAfile", ROOT,
             "-verify_return_error", *OPENSSL[version]]
    with running(*words, ready=port) as process:
        process.port = port
        yield process


def client(version, name):
    with s_server(version) as peer:
        run = tcl_client(peer.port, roots=ROOT, protocols=version, certs=path(name + ".crt"), key=uri(name), count=2)
        assert answers_of(run) == ["olleh"] * 2, run.stdout + run.stderr
        peer.kill()
        said = peer.stdout.read()
        assert said.count(f"Peer certificate: CN = {name}") == 2, said


def default_client(version):
    """A certificate in the personal store whose key is in the token: what MY keeps is where the key is."""
    out = tcl(read_certificate("client") + f"cert_set_key_prov $certificate -keycontainer {{{uri('client')}}}\n"
              "set my [cert_system_store_open MY]\ncert_store_add_certificate $my $certificate -disposition overwrite\n"
              "puts [llength [cert_property $certificate key_prov_info]]")
    assert re.fullmatch(r"[1-9]\d*\n", out), out
    files = [os.path.join(path("my"), name) for name in os.listdir(path("my"))]
    assert len(files) == 1 and os.stat(files[0]).st_mode & 0o77 == 0 and "PRIVATE KEY" not in open(files[0], encoding="utf-8").read()
    with s_server(version) as peer:
        run = tcl_client(peer.port, roots=ROOT, protocols=version, default=1, env={"OPENSSPI_MY": path("my")})
        assert answers_of(run) == ["olleh"] and reports_of(run)[0]["own"] == "client", run.stdout + run.stderr


def pin_from_file():
    source = write_file(path("pin"), PIN + "\n")
    with s_server("tls1.3") as peer:
        place = uri("client", pin=None) + f"&pin-source=file:{source}"
        run = tcl_client(peer.port, roots=ROOT, certs=path("client.crt"), key=place)
        assert answers_of(run) == ["olleh"], run.stdout + run.stderr
    os.chmod(source, 0o666)
    fails(uri("client", pin=None) + f"&pin-source=file:{source}", source, name="client")


def failure(name, place, said=""):
    """The error code of cert_set_key_prov and the text of sspi_last_failure."""
    out = tcl(read_certificate(name) + f"if {{![catch {{cert_set_key_prov $certificate -keycontainer {{{place}}}}} message options]}} {{ puts accepted; exit }}\n"
              "puts [lrange [dict get $options -errorcode] 0 1]\nputs [dict get [sspi_last_failure] -text]", said)
    assert "12%2034" not in out and PIN not in out, out
    return out


UNKNOWN_CREDENTIALS = "TWAPI_WIN32 -2146893043\n"


def fails(place, words, name="ec", said=""):
    out = failure(name, place, said)
    assert out.startswith(UNKNOWN_CREDENTIALS) and words in out, out
    assert out.count("\n") == 2, f"something else was written:\n{out}"


def wrong_then_right():
    out = tcl(read_certificate("ec") + f"puts [catch {{cert_set_key_prov $certificate -keycontainer {{{uri('ec', pin='999999')}}}}}]\n"
              f"cert_set_key_prov $certificate -keycontainer {{{uri('ec')}}}\nputs right")
    assert out == "1\nright\n", out


def shown():
    out = tcl(read_certificate("ec") + f"cert_set_key_prov $certificate -keycontainer {{{uri('ec')}}}\nputs [cert_property $certificate key_prov_info]")
    assert f"pkcs11:token=opensspi%20test;object=ec;type=private?module-path={MODULE}" in out and "pin-value" not in out and "PKCS#11" in out, out


def stays_inside():
    out = tcl(read_certificate("ec") + f"cert_set_key_prov $certificate -keycontainer {{{uri('ec')}}}\n"
              "set store [cert_temporary_store]\ncert_store_add_certificate $store $certificate\n"
              "puts [catch {cert_store_export_pfx $store [conceal secret] -exportprivatekeys 1 -failonmissingkey 1 -failonunexportablekey 1} message]\nputs $message")
    assert out.startswith("1\n"), out


def made_inside():
    """A certificate whose key was made in the token: self-signed there, and used."""
    out = tcl(f"set certificate [cert_create_self_signed CN=localhost -purpose server -keycontainer {{{uri('made')}}} -altnames {{{{dns localhost}}}}]\n"
              f"set out [open {path('made.crt')} w]\nputs $out [cert_export $certificate -encoding pem]\nclose $out")
    assert out == "", out
    with TclServer(certs=path("made.crt"), key=uri("made")) as ours:
        run = tcl_client(ours.port, roots=path("made.crt"))
        assert answers_of(run) == ["echo hello"], run.stdout + run.stderr


make_token()
for version in VERSIONS:
    for kind in Pki.KINDS:
        tap.run(f"a server's key, {version}, {kind}", lambda: server(version, kind))
    for name, kind in (("rsaclient", "rsa"), ("client", "ec")):
        tap.run(f"a client's key, {version}, {kind}", lambda: client(version, name))
    tap.run(f"a default client certificate whose key is in the token, {version}", lambda: default_client(version))
tap.run("a key made in the token signs its certificate and serves", made_inside)
tap.run("the PIN from a file that nobody else may write", pin_from_file)
tap.run("the place is shown without the PIN", shown)
tap.run("the key does not leave in a PFX", stays_inside)
tap.run("a wrong PIN", lambda: fails(uri("ec", pin="999999"), "the token does not accept the PIN for pkcs11:token=opensspi%20test;object=ec"))
tap.run("a wrong PIN, then the right one", wrong_then_right)
tap.run("no PIN: nobody is asked", lambda: fails(uri("ec", pin=None), "needs a PIN", said=PIN + "\n"))
tap.run("a module that is missing", lambda: fails(uri("ec", module="/nowhere/module.so"), "the PKCS#11 module /nowhere/module.so cannot be loaded: No such file"))
tap.run("a key that is missing", lambda: fails(uri("nobody"), "no token here has the private key pkcs11:token=opensspi%20test;object=nobody"))
tap.run("a token that is missing", lambda: fails(uri("ec", token="nowhere"), "no token here has the private key"))
tap.run("the key of another certificate", lambda: fails(uri("rsa"), "", name="ec"))
tap.run("a PIN where it would be shown", lambda: fails("pkcs11:object=ec;pin-value=12%2034", "must stand behind a question mark"))
tap.run("two PINs", lambda: fails(uri("ec") + "&pin-source=file:/x", "allows one of them"))
tap.run("a PIN's file that is missing", lambda: fails(uri("ec", pin=None) + "&pin-source=file:/nowhere/pin", "/nowhere/pin"))
tap.run("an attribute that is not understood", lambda: fails(uri("ec") + "&module-name=softhsm", "the URI has module-name"))
tap.run("no URI", lambda: fails("pkcs11:", "a PKCS#11 URI is as"))
tap.done()
