"""Chromium, headless, fetches pages from an HTTPS server on the Tcl package's TLS channels.

Its trust in the authority made here lies in an NSS database below a home of its own."""

import os

from tls_peers import *

tap = Tap()
need(tap, "openssl", "tclsh", "chromium", "certutil")
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


def make_home():
    """A home whose owner trusts the authority."""
    home = path("home")
    database = os.path.join(home, ".pki", "nssdb")
    os.makedirs(database)
    for words in (["-N", "--empty-password"], ["-A", "-n", "root", "-t", "C,,", "-i", path("root.pem")]):
        run = command("certutil", "-d", "sql:" + database, *words)
        assert run.returncode == 0, run.stderr
    return home


def browse(port, home, *flags, page="/"):
    """What the page is after its script has run, and what the browser says of errors."""
    with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as profile:
        run = command("chromium", *FLAGS, *flags, "--user-data-dir=" + profile, "--dump-dom",
                      f"https://localhost:{port}{page}", timeout=300, stdin=subprocess.DEVNULL,
                      env={**os.environ, "HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home})
    return run.stdout, re.findall(r"net::ERR_\w+", run.stderr)


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


home = make_home()
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
tap.done()
