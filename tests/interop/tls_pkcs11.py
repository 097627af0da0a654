"""Private keys that never leave a PKCS#11 token (SoftHSM's), named by URIs: TLS servers and clients, and what fails."""

from tls_peers import *

tap = Tap()
need(tap, "openssl", "tclsh", "softhsm2-util", "pkcs11-tool")
keep, folder = scratch()
MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN, TOKEN = "12 34&?", "opensspi test"
UNKNOWN_CREDENTIALS = "TWAPI_WIN32 -2146893043\n"
pki = common_pki(folder)
pki.issue("rsaclient", "rsaclient", "rsa", usage="clientAuth")
pki.issue("peer", "localhost", names="DNS:localhost")
path = pki.path
ROOT = path("root.pem")


def run_tool(*words):
    done = command(*words)
    assert done.returncode == 0, f"{words[0]}: {done.stdout}{done.stderr}"


def make_token():
    """A token with the keys of the certificates, which are gone from the disk; and one that was made inside."""
    os.mkdir(path("tokens"))
    config = f"directories.tokendir = {path('tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n"
    os.environ["SOFTHSM2_CONF"] = write_file(path("softhsm2.conf"), config)
    run_tool("softhsm2-util", "--init-token", "--free", "--label", TOKEN, "--so-pin", "000000", "--pin", PIN)
    for number, name in enumerate(("rsa", "ec", "client", "rsaclient"), 1):
        openssl("pkcs8", "-topk8", "-nocrypt", "-in", path(name + ".key"), "-out", path("p8"))
        run_tool("softhsm2-util", "--import", path("p8"), "--token", TOKEN, "--label", name, "--id", f"0{number}",
                 "--pin", PIN)
        for gone in (path("p8"), path(name + ".key"), path(name + ".pem")):
            os.remove(gone)
    run_tool("pkcs11-tool", "--module", MODULE, "--token-label", TOKEN, "--login", "--pin", PIN, "--keypairgen",
             "--key-type", "EC:prime256v1", "--label", "made", "--id", "09")


def uri(name, pin="12%2034%26%3f", module=MODULE, token=TOKEN):
    query = ([f"module-path={module}"] if module else []) + ([f"pin-value={pin}"] if pin else [])
    return f"pkcs11:token={token.replace(' ', '%20')};object={name};type=private?" + "&".join(query)


def uri_with_file(name, file):
    return uri(name, pin=None) + "&pin-source=file:" + file


# ---- Servers and clients. ----


def server(version, kind):
    with TclServer(certs=path(kind + ".crt"), key=uri(kind), protocols=version) as ours:
        for _ in range(3):
            out = talk("openssl", "s_client", "-connect", f"127.0.0.1:{ours.port}", "-servername", "localhost",
                       "-CAfile", ROOT, "-verify_return_error", "-verify_hostname", "localhost", "-quiet",
                       *OPENSSL[version])
            assert "echo hello" in out, out
            assert ours.report()["protocol"] == version
        run = tcl_client(ours.port, roots=ROOT, protocols=version)
        assert answers_of(run) == ["echo hello"], run.stdout + run.stderr


@contextlib.contextmanager
def s_server(version):
    """A server that insists on a certificate of the client."""
    port = free_port()
    words = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", path("peer.crt"), "-key", path("peer.key"),
             "-rev", "-Verify", "1", "-CAfile", ROOT, "-verify_return_error", *OPENSSL[version]]
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


# ---- What a script sees of such a key. ----


def tcl(script, said=""):
    """What a script writes; said stands on its standard input."""
    file = write_file(path("script.tcl"), "package require twapi_crypto\nnamespace path twapi\n" + script)
    run = command("tclsh", file, input=said, env=tcl_environment({"OPENSSPI_MY": path("my")}))
    return run.stdout + run.stderr


def keyed(name, *places):
    """Words of a script: certificate NAME gets its key from each place in turn."""
    lines = [f"set in [open {path(name + '.crt')} rb]; set certificate [cert_import [read $in]]; close $in"]
    for place in places:
        lines += [f"proc key {{}} {{ cert_set_key_prov $::certificate -keycontainer {{{place}}} }}", "key"]
    return "\n".join(lines) + "\n"


def failure(name, place, said=""):
    """The error code of cert_set_key_prov and the text of sspi_last_failure."""
    out = tcl(keyed(name, place).removesuffix("key\n") + "if {![catch key message options]} { puts accepted; exit }\n"
              "puts [lrange [dict get $options -errorcode] 0 1]\nputs [dict get [sspi_last_failure] -text]", said)
    assert "12%2034" not in out and PIN not in out, f"the PIN is told: {out}"
    return out


def fails(place, words, name="ec", said=""):
    out = failure(name, place, said)
    assert out.startswith(UNKNOWN_CREDENTIALS) and words in out, out
    assert out.count("\n") == 2, f"something else was written:\n{out}"


def default_client(version):
    """A certificate in the personal store whose key is in the token: what MY keeps is where the key is."""
    out = tcl(keyed("client", uri("client")) + "set my [cert_system_store_open MY]\n"
              "cert_store_add_certificate $my $certificate -disposition overwrite\nputs done")
    assert out == "done\n", out
    files = [os.path.join(path("my"), name) for name in os.listdir(path("my"))]
    assert len(files) == 1 and os.stat(files[0]).st_mode & 0o77 == 0, files
    with open(files[0], encoding="utf-8") as file:
        assert "PRIVATE KEY" not in file.read()
    with s_server(version) as peer:
        run = tcl_client(peer.port, roots=ROOT, protocols=version, default=1, env={"OPENSSPI_MY": path("my")})
        assert answers_of(run) == ["olleh"] and reports_of(run)[0]["own"] == "client", run.stdout + run.stderr


def pin_from_file():
    file = write_file(path("pin"), PIN + "\n")
    with s_server("tls1.3") as peer:
        run = tcl_client(peer.port, roots=ROOT, certs=path("client.crt"), key=uri_with_file("client", file))
        assert answers_of(run) == ["olleh"], run.stdout + run.stderr
    os.chmod(file, 0o666)
    fails(uri_with_file("client", file), file, name="client")


def wrong_then_right():
    out = tcl(keyed("ec", uri("ec", pin="999999")).removesuffix("key\n") + "puts [catch key]\n"
              + keyed("ec", uri("ec")) + "puts right")
    assert out == "1\nright\n", out


def shown():
    out = tcl(keyed("ec", uri("ec")) + "puts [cert_property $certificate key_prov_info]")
    wanted = f"pkcs11:token=opensspi%20test;object=ec;type=private?module-path={MODULE}"
    assert wanted in out and "pin-value" not in out and "PKCS#11" in out, out


def stays_inside():
    out = tcl(keyed("ec", uri("ec")) + "set store [cert_temporary_store]\n"
              "cert_store_add_certificate $store $certificate\n"
              "set words {-exportprivatekeys 1 -failonmissingkey 1 -failonunexportablekey 1}\n"
              "puts [catch {cert_store_export_pfx $store [conceal secret] {*}$words}]")
    assert out == "1\n", out


def made_inside():
    """A certificate whose key was made in the token: self-signed there, and used."""
    out = tcl(f"set place {{{uri('made')}}}\n"
              "set certificate [cert_create_self_signed CN=localhost -purpose server -keycontainer $place "
              "-altnames {{dns localhost}}]\n"
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
tap.run("a wrong PIN, then the right one", wrong_then_right)
KEY = "pkcs11:token=opensspi%20test;object="
for what, place, words in (
    ("a wrong PIN", uri("ec", pin="999999"), f"the token does not accept the PIN for {KEY}ec"),
    ("a module that is missing", uri("ec", module="/nowhere/m.so"), "/nowhere/m.so cannot be loaded: No such file"),
    ("a key that is missing", uri("nobody"), f"no token here has the private key {KEY}nobody"),
    ("a token that is missing", uri("ec", token="nowhere"), "no token here has the private key"),
    ("the key of another certificate", uri("rsa"), "the key is not that of the certificate"),
    ("a PIN where it would be shown", "pkcs11:object=ec;pin-value=12%2034", "must stand behind a question mark"),
    ("two PINs", uri("ec") + "&pin-source=file:/x", "allows one of them"),
    ("a PIN's file that is missing", uri_with_file("ec", "/nowhere/pin"), "/nowhere/pin"),
    ("an attribute that is not understood", uri("ec") + "&module-name=softhsm", "the URI has module-name"),
    ("no URI", "pkcs11:", "a PKCS#11 URI is as"),
):
    tap.run(what, lambda: fails(place, words))
tap.run("no PIN: nobody is asked", lambda: fails(uri("ec", pin=None), "needs a PIN", said=PIN + "\n"))
tap.done()
