"""testssl.sh and sslscan against a Tcl HTTPS server with default credentials: neither may find anything.

The whole of testssl.sh runs with ./dev test --full; otherwise protocols, suites, forward secrecy, the server's defaults
and choices, and the attacks that need no long series of connections."""

import json
import xml.etree.ElementTree

from tls_peers import *

tap = Tap()
need(tap, "openssl", "tclsh", "testssl", "sslscan")
keep, folder = scratch()
pki = Pki(folder)
for kind in Pki.KINDS:
    pki.issue(kind, "localhost", kind, "DNS:localhost", days=90)
path = pki.path
FULL = os.environ.get("OPENSSPI_FULL") == "yes"
QUICK = ["--protocols", "--std", "--pfs", "--server-defaults", "--server-preference", "--heartbleed", "--ccs-injection",
         "--renegotiation", "--compression",
         "--sweet32", "--freak"]
HARMLESS = ("DEBUG", "INFO", "OK")
# What a certificate made a moment ago by an authority that nobody knows cannot have; and what testssl.sh says of the
# openssl that it runs itself.
OF_THE_TEST = ("cert_trust", "cert_chain_of_trust", "cert_revocation", "DNS_CAArecord", "engine_problem")
# openssl s_client, as testssl.sh calls it, may end before the ticket has come; then there is nothing to resume with.
# That resumption works is seen by tls_channels.py.
TOO_EARLY = ("sessionresumption_ticket", "check failed because of connect problem")
# A scan that broke off would find nothing too. These must have been looked at, and what is said of them.
SEEN = {"not offered": ["SSLv2", "SSLv3", "TLS1", "TLS1_1", "cipherlist_NULL", "cipherlist_aNULL",
                        "cipherlist_3DES_IDEA"],
        "offered": ["TLS1_2", "TLS1_3", "cipherlist_STRONG", "PFS"],
        "server": ["cipher_order"], "supported": ["secure_renego"],
        "not vulnerable": ["heartbleed", "CCS", "secure_client_renego", "CRIME_TLS", "SWEET32", "FREAK"]}
SEEN_BY_ALL = ["ROBOT", "LOGJAM", "DROWN", "LUCKY13", "BEAST", "RC4", "POODLE_SSL", "ticketbleed"]


def scan(port, result):
    run = command("testssl", "--warnings", "off", "--color", "0", "--nodns", "none", "--ip", "127.0.0.1", "--quiet",
                  "--add-ca", path("root.pem"), "--jsonfile", result,
                  *([] if FULL else QUICK), f"https://localhost:{port}", timeout=1500, stdin=subprocess.DEVNULL)
    try:
        with open(result, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError) as error:
        raise AssertionError(f"no result of testssl.sh: {error}\n{run.stdout[-2000:]}") from error


def whole(findings):
    said = {finding["id"]: finding["finding"] for finding in findings}
    wanted = {name: text for text, names in SEEN.items() for name in names}
    wanted.update({name: "not vulnerable" for name in SEEN_BY_ALL if FULL})
    wrong = {name: said.get(name) for name, text in wanted.items() if not said.get(name, "").startswith(text)}
    assert "scanTime" in said, f"it did not come to its end: {list(said)[-3:]}"
    assert not wrong, wrong


def harmless(finding):
    return (finding["severity"] in HARMLESS or finding["id"].startswith(OF_THE_TEST)
            or (finding["id"], finding["finding"]) == TOO_EARLY)


def clean(findings):
    bad = [f"{finding['severity']} {finding['id']}: {finding['finding']}" for finding in findings
           if not harmless(finding)]
    assert not bad, "\n".join(bad)


def both_certificates(findings):
    """A server with a key of each kind was seen with both."""
    said = {finding["id"]: finding["finding"] for finding in findings}
    kinds = {text.split()[0] for name, text in said.items() if name.startswith("cert_keySize")}
    assert kinds == {"RSA", "EC"}, said
    assert said["TLS_timestamp"] == "random", said["TLS_timestamp"]


def sslscan(port):
    result = path("sslscan.xml")
    run = command("sslscan", "--no-colour", f"--xml={result}", "--sni-name=localhost", f"127.0.0.1:{port}", timeout=300)
    assert os.path.exists(result), run.stdout + run.stderr
    return xml.etree.ElementTree.parse(result).getroot().find("ssltest")


def check_sslscan(test):
    enabled = [f"{p.get('type')}{p.get('version')}" for p in test.iter("protocol") if p.get("enabled") == "1"]
    assert enabled == ["tls1.2", "tls1.3"], enabled
    suites = [(c.get("sslversion"), int(c.get("bits")), c.get("cipher")) for c in test.iter("cipher")]
    weak = [suite for suite in suites if suite[1] < 128 or not re.match(r"(TLS|ECDHE)_?.*(GCM|CHACHA20)", suite[2])]
    assert {version for version, _, _ in suites} == {"TLSv1.2", "TLSv1.3"} and not weak, weak or suites
    assert test.find("renegotiation").get("supported") == "0", "renegotiation"
    beats = [beat.get("vulnerable") for beat in test.iter("heartbleed")]
    assert beats and set(beats) == {"0"}, "heartbleed"
    compression = test.find("compression")
    assert compression is None or compression.get("supported") == "0", "compression"
    groups = [group.get("name") for group in test.iter("group")]
    assert groups and all(int(group.get("bits")) >= 128 for group in test.iter("group")), groups


with TclServer(certs=f"{path('ec.pem')} {path('rsa.pem')}") as server:
    # What it says of each connection is read by nobody else.
    threading.Thread(target=server.process.stdout.read, daemon=True).start()
    findings = []
    tap.run("testssl.sh comes to its end and sees what is there",
            lambda: whole(findings.extend(scan(server.port, path("testssl.json"))) or findings))
    tap.run("testssl.sh finds nothing", lambda: clean(findings))
    tap.run("testssl.sh sees both certificates", lambda: both_certificates(findings))
    tap.run("sslscan finds TLS 1.2 and 1.3 with strong suites and groups only",
            lambda: check_sslscan(sslscan(server.port)))
tap.done()
