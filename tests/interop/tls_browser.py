"""Chromium, headless, fetches pages from an HTTPS server on the Tcl package's TLS channels.

Its trust in the authority made here lies in an NSS database below a home of its own, and so do its own certificate and
key. Which certificate it shows is said by a policy, which Chromium reads in /etc/chromium only: what is there is hidden
by a mount that only the browser sees."""

import json
import os

from tls_peers import *

tap = Tap()
need(tap, "openssl", "tclsh", "chromium", "certutil", "pk12util")
keep, folder = scratch()
pki = common_pki(folder)
path = pki.path
pki.issue("other", "other", names="DNS:other.test")
pki.issue("late", "localhost", names="DNS:localhost", days=-1)

# The script makes connections of its own, several at a time, and puts what came into the page.
PAGE = """<!DOCTYPE html><title>made in Tcl</title><p id="said">nothing</p><script>
Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(n => fetch(location.href, {method: "POST"}).then(answer => answer.text())))
  .then(texts => texts.filter(text => text.includes("made in Tcl")).length)
  .then(count => { document.getElementById("said").textContent = count + " answers"; });
</script>"""

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--virtual-time-budget=20000", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost"]


def make_home(name, own=None):
    """A home whose owner trusts the authority, and has a certificate."""
    home = path(name)
    database = os.path.join(home, ".pki", "nssdb")
    os.makedirs(database)
    steps = [["certutil", "-N", "--empty-password"],
             ["certutil", "-A", "-n", "root", "-t", "C,,", "-i", path("root.pem")]]
    if own:
        openssl("pkcs12", "-export", "-in", path(own + ".crt"), "-inkey", path(own + ".key"), "-name", own, "-out",
                path(own + ".p12"), "-passout", "pass:secret")
        steps += [["pk12util", "-i", path(own + ".p12"), "-W", "secret", "-K", ""]]
    for tool, *words in steps:
        run = command(tool, "-d", "sql:" + database, *words)
        assert run.returncode == 0, run.stdout + run.stderr
    return home


# A mount namespace takes root, or a user namespace in which one is root.
OWN_MOUNTS = ["unshare", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"]), "--mount"]
POLICIES = "/etc/chromium"


def with_policy(port):
    """What goes before the browser's command line, so that it asks nobody which certificate to show."""
    managed = os.path.join(path("etc"), "policies", "managed")
    os.makedirs(managed, exist_ok=True)
    choice = json.dumps({"pattern": f"https://localhost:{port}", "filter": {"ISSUER": {"CN": "Interop Root"}}})
    write_file(os.path.join(managed, "test.json"), json.dumps({"AutoSelectCertificateForUrls": [choice]}))
    return [*OWN_MOUNTS, "sh", "-c", f'mount --bind "$0" {POLICIES} && exec "$@"', path("etc")]


def why_no_policy():
    """Why there can be none here, or nothing."""
    if not os.path.isdir(POLICIES):
        return f"there is no {POLICIES} to lay the browser's policy over"
    if not shutil.which("unshare") or command(*with_policy(1), "true").returncode != 0:
        return "mounts of one's own take root, or user namespaces"
    return ""


def browse(port, home, *flags, page="/", before=()):
    """What the page is after its script has run, and what the browser says of errors."""
    with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as profile:
        run = command(*before, "chromium", *FLAGS, *flags, "--user-data-dir=" + profile, "--dump-dom",
                      f"https://localhost:{port}{page}", timeout=300, stdin=subprocess.DEVNULL,
                      env={**os.environ, "HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home})
    # Newer ones log the error, older ones show it in their page.
    shown = ["net::" + error for error in re.findall(r"\bERR_\w+", run.stdout)]
    return run.stdout, re.findall(r"net::ERR_\w+", run.stderr) or shown


def fetches(home, version, certs):
    with TclServer(certs=certs, protocols=version, alpn="http/1.1", body=PAGE) as server:
        page, errors = browse(server.port, home)
        assert "<title>made in Tcl</title>" in page and "8 answers" in page, f"{page[:500]}\n{errors}"
        seen = server.report()
        assert seen["protocol"] == version and seen["alpn"] == "http/1.1", seen


def refuses(home, certs, wanted):
    with TclServer(certs=certs, body=PAGE) as server:
        page, errors = browse(server.port, home)
        assert wanted in errors and "made in Tcl" not in page, f"{errors}\n{page[:500]}"


def pinned():
    """A browser that knows no authority, but the key of this very server."""
    key = command("openssl", "x509", "-in", path("ec.crt"), "-noout", "-pubkey").stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "der"], input=key.encode(), capture_output=True,
                         check=True).stdout
    digest = subprocess.run(["openssl", "dgst", "-sha256", "-binary"], input=der, capture_output=True,
                            check=True).stdout
    flag = "--ignore-certificate-errors-spki-list=" + base64.b64encode(digest).decode()
    with TclServer(certs=path("ec.pem"), body=PAGE) as server:
        page, errors = browse(server.port, stranger, flag)
        assert "8 answers" in page, f"{page[:500]}\n{errors}"


PEER_PAGE = PAGE.replace("<p id", "<p id=peer>%peer%</p><p id")


def first_word(server):
    """A browser that is asked for a certificate ends the connection, makes up its mind and comes back."""
    while (line := server.line()) == "refused Unexpected EOF during TLS negotiation.":
        pass
    return line


def shows_its_certificate(version, **words):
    """The page and eight connections' worth of answers, each only for who showed the certificate."""
    with TclServer(certs=path("ec.pem"), protocols=version, request=1, body=PEER_PAGE, **words) as server:
        page, errors = browse(server.port, known, before=with_policy(server.port))
        vouched = "1" if "roots" in words else "0"
        assert f'<p id="peer">client {vouched}</p>' in page and "8 answers" in page, f"{page[:500]}\n{errors}"
        assert report_of(first_word(server))["peer"] == "client"


def is_refused_without(version):
    with TclServer(certs=path("ec.pem"), protocols=version, request=1, roots=path("root.pem"), insist=1,
                   body=PEER_PAGE) as server:
        page, errors = browse(server.port, home)
        assert errors and "made in Tcl" not in page, f"{errors}\n{page[:500]}"
        line = first_word(server)
        assert line == "refused SSL/TLS negotiation failed. Verifier callback returned false.", line


def goes_on_without(version):
    with TclServer(certs=path("ec.pem"), protocols=version, request=1, roots=path("root.pem"),
                   body=PEER_PAGE) as server:
        page, errors = browse(server.port, home)
        assert '<p id="peer">- 0</p>' in page and "8 answers" in page, f"{page[:500]}\n{errors}"
        assert report_of(first_word(server))["peer"] == "-"


home = make_home("home")
known = make_home("known", "client")
stranger = path("stranger")
os.mkdir(stranger)
for version in VERSIONS:
    for kind in Pki.KINDS:
        tap.run(f"a page and what its script fetches, {version}, {kind}",
                lambda: fetches(home, version, path(kind + ".pem")))
tap.run("a server known by its key", pinned)
tap.run("an unknown authority is refused", lambda: refuses(stranger, path("ec.pem"), "net::ERR_CERT_AUTHORITY_INVALID"))
tap.run("another name is refused", lambda: refuses(home, path("other.pem"), "net::ERR_CERT_COMMON_NAME_INVALID"))
tap.run("an expired certificate is refused", lambda: refuses(home, path("late.pem"), "net::ERR_CERT_DATE_INVALID"))
why_not = why_no_policy()
for version in VERSIONS:
    for what, words in (("of the roots, insisted on", {"roots": path("root.pem"), "insist": 1}),
                        ("of the roots, requested", {"roots": path("root.pem")}), ("that nobody vouches for", {})):
        name = f"the browser's own certificate, {what}, {version}"
        if why_not:
            tap.skip(name, why_not)
        else:
            tap.run(name, lambda: shows_its_certificate(version, **words))
    tap.run(f"a browser without a certificate is refused where one is insisted on, {version}",
            lambda: is_refused_without(version))
    tap.run(f"a browser without a certificate goes on where one is requested, {version}",
            lambda: goes_on_without(version))
tap.done()
